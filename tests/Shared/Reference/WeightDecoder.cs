using System.Buffers.Binary;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Weights of every <see cref="DType"/> as doubles, written straight from the format descriptions, one element at a time.</summary>
internal static class WeightDecoder
{
    /// <summary>All elements of a host tensor, row-major.</summary>
    internal static unsafe double[] Decode(in Tensor tensor)
    {
        double[] values = new double[tensor.Shape.ElementCount];
        Decode(tensor.Type, new ReadOnlySpan<byte>(tensor.HostPointer, checked((int)tensor.ByteCount)), values);
        return values;
    }

    /// <summary>Whole blocks of <paramref name="type"/> to doubles.</summary>
    internal static void Decode(DType type, ReadOnlySpan<byte> bytes, Span<double> values)
    {
        BlockFormat format = BlockFormat.Of(type);
        for (int block = 0; block < values.Length / format.ElementsPerBlock; block++)
        {
            ReadOnlySpan<byte> b = bytes.Slice(block * format.BytesPerBlock, format.BytesPerBlock);
            Span<double> y = values.Slice(block * format.ElementsPerBlock, format.ElementsPerBlock);
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = Element(type, b, i);
            }
        }
    }

    private static double Element(DType type, ReadOnlySpan<byte> b, int i) => type switch
    {
        DType.F32 => BinaryPrimitives.ReadSingleLittleEndian(b),
        DType.F16 => F16(b, 0),
        DType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(b) << 16),
        DType.Q8_0 => F16(b, 0) * (sbyte)b[2 + i],
        DType.Q4_0 => F16(b, 0) * (Nibble32(b[2..], i) - 8),
        DType.Q4_1 => (F16(b, 0) * Nibble32(b[4..], i)) + F16(b, 2),
        DType.Q5_0 => F16(b, 0) * (Nibble32(b[6..], i) + (16 * Bit(b[2..], i)) - 16),
        DType.Q5_1 => (F16(b, 0) * (Nibble32(b[8..], i) + (16 * Bit(b[4..], i)))) + F16(b, 2),
        DType.Q4_K => ScaledK(b, i, Nibble64(b[16..], i)),
        DType.Q5_K => ScaledK(b, i, Nibble64(b[48..], i) + (16 * ((b[16 + (i % 32)] >> (i / 32)) & 1))),
        DType.Q6_K => SixBit(b, i),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a weight type."),
    };

    private static double F16(ReadOnlySpan<byte> b, int offset) => (double)BinaryPrimitives.ReadHalfLittleEndian(b[offset..]);

    /// <summary>32 elements in 16 bytes: the low halves are elements 0 to 15, the high halves 16 to 31.</summary>
    private static int Nibble32(ReadOnlySpan<byte> q, int i) => (q[i % 16] >> (i / 16 * 4)) & 15;

    /// <summary>64 elements in 32 bytes, likewise.</summary>
    private static int Nibble64(ReadOnlySpan<byte> q, int i) => (q[(i / 64 * 32) + (i % 32)] >> (i % 64 / 32 * 4)) & 15;

    private static int Bit(ReadOnlySpan<byte> bits, int i) => (bits[i / 8] >> (i % 8)) & 1;

    /// <summary>d · scale · q − dmin · minimum with the 6-bit scales and minimums of K blocks.</summary>
    private static double ScaledK(ReadOnlySpan<byte> b, int i, int q)
    {
        ReadOnlySpan<byte> s = b.Slice(4, 12);
        int j = i / 32;
        int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6 << 4);
        int minimum = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | (s[j] >> 6 << 4);
        return (F16(b, 0) * scale * q) - (F16(b, 2) * minimum);
    }

    private static double SixBit(ReadOnlySpan<byte> b, int i)
    {
        int half = i / 128;
        int inHalf = i % 128;
        int low = (b[(half * 64) + (inHalf % 64)] >> (inHalf / 64 * 4)) & 15;
        int high = (b[128 + (half * 32) + (inHalf % 32)] >> (inHalf / 32 * 2)) & 3;
        return F16(b, 208) * (sbyte)b[192 + (i / 16)] * ((low | (high << 4)) - 32);
    }
}
