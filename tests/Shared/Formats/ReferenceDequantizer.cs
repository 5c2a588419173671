using System.Buffers.Binary;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Formats;

/// <summary>Decodes every element type in double precision, written from the formats' definitions, one value at a time.</summary>
/// <remarks>Slow on purpose: value i of a block is a formula in i. Independent of the library's kernels.</remarks>
internal static class ReferenceDequantizer
{
    /// <summary>The values of <paramref name="bytes"/>.</summary>
    internal static double[] Decode(ReadOnlySpan<byte> bytes, DType type)
    {
        BlockFormat format = BlockFormat.Of(type);
        double[] values = new double[bytes.Length / format.BytesPerBlock * format.ElementsPerBlock];
        for (int i = 0; i < values.Length; i++)
        {
            int block = i / format.ElementsPerBlock;
            values[i] = Value(bytes.Slice(block * format.BytesPerBlock, format.BytesPerBlock), type, i % format.ElementsPerBlock);
        }

        return values;
    }

    private static double Value(ReadOnlySpan<byte> b, DType type, int i) => type switch
    {
        DType.F32 => BinaryPrimitives.ReadSingleLittleEndian(b),
        DType.F16 => Float16(b, 0),
        DType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(b) << 16),
        DType.Q8_0 => Float16(b, 0) * (sbyte)b[2 + i],
        DType.Q4_0 => Float16(b, 0) * (Nibble(b[2..], i) - 8),
        DType.Q4_1 => (Float16(b, 0) * Nibble(b[4..], i)) + Float16(b, 2),
        DType.Q5_0 => Float16(b, 0) * ((Nibble(b[6..], i) | (Bit(b[2..], i) << 4)) - 16),
        DType.Q5_1 => (Float16(b, 0) * (Nibble(b[8..], i) | (Bit(b[4..], i) << 4))) + Float16(b, 2),
        DType.Q4_K => (Float16(b, 0) * Scale(b[4..], i / 32) * WideNibble(b[16..], i)) - (Float16(b, 2) * Minimum(b[4..], i / 32)),
        DType.Q5_K => (Float16(b, 0) * Scale(b[4..], i / 32) * (WideNibble(b[48..], i) | (((b[16 + (i % 32)] >> (i / 32)) & 1) << 4)))
            - (Float16(b, 2) * Minimum(b[4..], i / 32)),
        DType.Q6_K => Float16(b, 208) * (sbyte)b[192 + (i / 16)] * (SixBits(b, i) - 32),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No decoder."),
    };

    private static double Float16(ReadOnlySpan<byte> b, int at) => (double)BinaryPrimitives.ReadHalfLittleEndian(b[at..]);

    // Value i in the low half of byte i, value i + 16 in its high half.
    private static int Nibble(ReadOnlySpan<byte> b, int i) => (b[i % 16] >> (i / 16 * 4)) & 15;

    private static int Bit(ReadOnlySpan<byte> b, int i) => (b[i / 8] >> (i % 8)) & 1;

    // Groups of 64 values in 32 bytes: the first 32 low, the next 32 high.
    private static int WideNibble(ReadOnlySpan<byte> b, int i) => (b[(i / 64 * 32) + (i % 32)] >> (i / 32 % 2 * 4)) & 15;

    private static int Scale(ReadOnlySpan<byte> b, int s) => s < 4 ? b[s] & 63 : (b[s + 4] & 15) | (b[s - 4] >> 6 << 4);

    private static int Minimum(ReadOnlySpan<byte> b, int s) => s < 4 ? b[s + 4] & 63 : (b[s + 4] >> 4) | (b[s] >> 6 << 4);

    private static int SixBits(ReadOnlySpan<byte> b, int i)
    {
        int half = i / 128, quarter = i % 128 / 32, l = i % 32;
        int low = (b[(half * 64) + (quarter % 2 * 32) + l] >> (quarter / 2 * 4)) & 15;
        int high = (b[128 + (half * 32) + l] >> (quarter * 2)) & 3;
        return low | (high << 4);
    }
}
