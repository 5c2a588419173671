using System.Runtime.InteropServices;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>The shapes of the eight tiles: 0 to 3 are sums, 4 and 5 left operands, 6 and 7 right operands.</summary>
internal static unsafe class AmxConfiguration
{
    /// <summary>Rows of a tile.</summary>
    internal const int Rows = 16;

    /// <summary>Bytes of a tile's row.</summary>
    internal const int RowBytes = 64;

    private const int Bytes = 64;
    private const int ShapesOfRowBytes = 16, ShapesOfRows = 48; // offsets

    /// <summary>Puts a configuration where kernels find it until the process ends.</summary>
    /// <param name="pairs">Pairs of elements that a product takes: 16 or fewer.</param>
    internal static byte* Place(int pairs)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc(Bytes, Bytes);
        new Span<byte>(memory, Bytes).Clear();
        memory[0] = 1; // the palette
        for (int tile = 0; tile < 8; tile++)
        {
            bool isLeft = tile is 4 or 5, isRight = tile is 6 or 7;
            ((ushort*)(memory + ShapesOfRowBytes))[tile] = (ushort)(isLeft ? pairs * 4 : RowBytes);
            memory[ShapesOfRows + tile] = (byte)(isRight ? pairs : Rows);
        }

        return memory;
    }
}
