using System.Buffers.Binary;

namespace LongContext.Tests.Shared.Formats;

/// <summary>Encoders of the 32-value blocks. Q8_0 and Q4_0 are GGML's reference rounding.</summary>
internal static class BlockQuantizer
{
    internal static void Q8_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float max = 0;
        foreach (float value in x)
        {
            max = MathF.Max(max, MathF.Abs(value));
        }

        float scale = max / 127f;
        float inverse = scale > 0 ? 1f / scale : 0;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (int i = 0; i < 32; i++)
        {
            float v = x[i] * inverse;
            int rounded = (int)(MathF.Abs(v) + 0.5f); // away from zero, as roundf
            block[2 + i] = (byte)(sbyte)(v < 0 ? -rounded : rounded);
        }
    }

    internal static void Q4_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        (float scale, float inverse) = SymmetricScale(x, 8);
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (int i = 0; i < 16; i++)
        {
            block[2 + i] = (byte)(Quant(x[i], inverse, 8.5f, 15) | (Quant(x[16 + i], inverse, 8.5f, 15) << 4));
        }
    }

    internal static void Q5_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        (float scale, float inverse) = SymmetricScale(x, 16);
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        WriteFiveBits(x, block[2..], inverse, 0, 16.5f);
    }

    internal static void Q4_1(ReadOnlySpan<float> x, Span<byte> block)
    {
        (float minimum, float inverse) = WriteScaleAndMinimum(x, block, 15);
        for (int i = 0; i < 16; i++)
        {
            block[4 + i] = (byte)(Quant(x[i] - minimum, inverse, 0.5f, 15) | (Quant(x[16 + i] - minimum, inverse, 0.5f, 15) << 4));
        }
    }

    internal static void Q5_1(ReadOnlySpan<float> x, Span<byte> block)
    {
        (float minimum, float inverse) = WriteScaleAndMinimum(x, block, 31);
        WriteFiveBits(x, block[4..], inverse, minimum, 0.5f);
    }

    // Four bytes of fifth bits (bit i = value i), then the low halves: value i low, value i + 16 high.
    private static void WriteFiveBits(ReadOnlySpan<float> x, Span<byte> bytes, float inverse, float minimum, float shift)
    {
        uint high = 0;
        for (int i = 0; i < 16; i++)
        {
            int a = Quant(x[i] - minimum, inverse, shift, 31), b = Quant(x[16 + i] - minimum, inverse, shift, 31);
            bytes[4 + i] = (byte)((a & 15) | ((b & 15) << 4));
            high |= ((uint)a >> 4 << i) | ((uint)b >> 4 << (i + 16));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes, high);
    }

    // The value of largest magnitude becomes exactly -zero: it decides the sign of the scale.
    private static (float Scale, float Inverse) SymmetricScale(ReadOnlySpan<float> x, int zero)
    {
        float largest = 0;
        foreach (float value in x)
        {
            largest = MathF.Abs(value) > MathF.Abs(largest) ? value : largest;
        }

        float scale = largest / -zero;
        return (scale, scale != 0 ? 1f / scale : 0);
    }

    private static (float Minimum, float Inverse) WriteScaleAndMinimum(ReadOnlySpan<float> x, Span<byte> block, int levels)
    {
        (float min, float max) = (float.MaxValue, float.MinValue);
        foreach (float value in x)
        {
            (min, max) = (MathF.Min(min, value), MathF.Max(max, value));
        }

        float scale = (max - min) / levels;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        BinaryPrimitives.WriteHalfLittleEndian(block[2..], (Half)min);
        return (min, scale != 0 ? 1f / scale : 0);
    }

    private static int Quant(float value, float inverse, float shift, int max) => Math.Clamp((int)((value * inverse) + shift), 0, max);
}
