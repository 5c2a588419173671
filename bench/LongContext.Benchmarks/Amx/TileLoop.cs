using System.Runtime.InteropServices;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Throughput.Ceilings;

namespace LongContext.Benchmarks.Amx;

/// <summary>Tile products that wait for nothing: the ceiling of kernels made of them. Four sums, two by two operands.</summary>
internal sealed unsafe class TileLoop : ICeilingLoop
{
    private const int Iterations = 20_000, TileBytes = 1024;

    private readonly delegate* unmanaged<Memory*, long, void> _run;
    private readonly byte* _configuration = AmxConfiguration.Place(pairs: 16);
    private readonly int _units; // operations of an iteration

    private TileLoop(bool isInBytes, bool loadsTiles)
    {
        Assembler assembler = new();
        Write(assembler, isInBytes, loadsTiles);
        _run = (delegate* unmanaged<Memory*, long, void>)ExecutableMemory.Place(assembler.Assemble());
        _units = 4 * 16 * 16 * 2 * (isInBytes ? 64 : 32);
    }

    /// <summary>bfloat16 products of tiles that stay in registers.</summary>
    internal static TileLoop BF16() => new(isInBytes: false, loadsTiles: false);

    /// <summary>The same with four tiles loaded from the first-level cache for every four products.</summary>
    internal static TileLoop BF16WithLoads() => new(isInBytes: false, loadsTiles: true);

    /// <summary>Products of signed bytes of tiles that stay in registers.</summary>
    internal static TileLoop Bytes() => new(isInBytes: true, loadsTiles: false);

    /// <inheritdoc/>
    public double Run(int index)
    {
        SignalStack.Enlarge();
        byte* tiles = (byte*)NativeMemory.AlignedAlloc(4 * TileBytes, 64);
        new Span<byte>(tiles, 4 * TileBytes).Clear();
        Memory memory = new() { Configuration = _configuration, Tiles = tiles };
        _run(&memory, Iterations);
        NativeMemory.AlignedFree(tiles);
        return (double)_units * Iterations;
    }

    private static void Write(Assembler a, bool isInBytes, bool loadsTiles)
    {
        Label again = new();
        a.Mov(GeneralRegister.Rax, new Address(GeneralRegister.Rdi));
        a.Ldtilecfg(new Address(GeneralRegister.Rax));
        a.Mov(GeneralRegister.Rdx, new Address(GeneralRegister.Rdi, sizeof(byte*)));
        a.Mov(GeneralRegister.Rcx, AmxConfiguration.RowBytes);
        for (int tile = 0; tile < 8; tile++)
        {
            a.Tilezero(new TileRegister(tile));
        }

        a.Place(again);
        for (int tile = 4; tile < 8 && loadsTiles; tile++)
        {
            a.Tileloadd(new TileRegister(tile), new Address(GeneralRegister.Rdx, (tile - 4) * TileBytes, GeneralRegister.Rcx));
        }

        for (int i = 0; i < 4; i++)
        {
            (TileRegister sum, TileRegister left, TileRegister right) = (new(i), new(4 + (i / 2)), new(6 + (i % 2)));
            if (isInBytes)
            {
                a.Tdpbssd(sum, left, right);
            }
            else
            {
                a.Tdpbf16ps(sum, left, right);
            }
        }

        a.Sub(GeneralRegister.Rsi, 1);
        a.Jcc(Condition.NotEqual, again);
        a.Tilerelease();
        a.Ret();
    }

    private struct Memory
    {
        internal byte* Configuration;
        internal byte* Tiles;
    }
}
