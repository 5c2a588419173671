using System.Buffers.Binary;

namespace LongContext.Tests.Shared.Formats;

/// <summary>Plain encoders of the 256-value blocks: minimum and maximum of each sub-block, no search for better scales.</summary>
internal static class SuperBlockQuantizer
{
    private const int SubBlocks = 8;
    private const int SubLength = 32;

    internal static void Q4_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        byte[] q = WithMinimums(x, block, 15);
        for (int i = 0; i < 128; i++)
        {
            int low = (i / 32 * 64) + (i % 32); // 64 values share 32 bytes: the first 32 low, the next 32 high
            block[16 + i] = (byte)(q[low] | (q[low + 32] << 4));
        }
    }

    internal static void Q5_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        byte[] q = WithMinimums(x, block, 31);
        Span<byte> high = block.Slice(16, 32);
        high.Clear();
        for (int i = 0; i < 128; i++)
        {
            int group = i / 32, low = (group * 64) + (i % 32);
            block[48 + i] = (byte)((q[low] & 15) | ((q[low + 32] & 15) << 4));
            high[i % 32] |= (byte)((q[low] >> 4 << (2 * group)) | (q[low + 32] >> 4 << ((2 * group) + 1)));
        }
    }

    internal static void Q6_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        float[] scales = new float[16];
        float largest = 0;
        for (int s = 0; s < 16; s++)
        {
            float max = 0;
            foreach (float value in x.Slice(s * 16, 16))
            {
                max = MathF.Max(max, MathF.Abs(value));
            }

            scales[s] = max / 31f;
            largest = MathF.Max(largest, scales[s]);
        }

        Half d = (Half)(largest / 127f);
        byte[] q = new byte[256];
        for (int s = 0; s < 16; s++)
        {
            sbyte scale = (float)d > 0 ? (sbyte)Math.Clamp(MathF.Ceiling(scales[s] / (float)d), 0, 127) : (sbyte)0;
            block[192 + s] = (byte)scale;
            float step = (float)d * scale;
            for (int i = s * 16; i < (s * 16) + 16; i++)
            {
                q[i] = (byte)(32 + (step != 0 ? Math.Clamp((int)MathF.Round(x[i] / step), -32, 31) : 0));
            }
        }

        BinaryPrimitives.WriteHalfLittleEndian(block[208..], d);
        PackSixBits(q, block);
    }

    // Per 128 values: 64 bytes of low halves (l and l+64, l+32 and l+96), 32 bytes of upper two bits of l, l+32, l+64, l+96.
    private static void PackSixBits(byte[] q, Span<byte> block)
    {
        for (int half = 0; half < 2; half++)
        {
            ReadOnlySpan<byte> v = q.AsSpan(half * 128, 128);
            for (int l = 0; l < 32; l++)
            {
                block[(half * 64) + l] = (byte)((v[l] & 15) | ((v[l + 64] & 15) << 4));
                block[(half * 64) + 32 + l] = (byte)((v[l + 32] & 15) | ((v[l + 96] & 15) << 4));
                block[128 + (half * 32) + l] =
                    (byte)((v[l] >> 4) | (v[l + 32] >> 4 << 2) | (v[l + 64] >> 4 << 4) | (v[l + 96] >> 4 << 6));
            }
        }
    }

    // Writes d, dmin and the 12 bytes of 6-bit scales and minimums; returns the values' codes.
    private static byte[] WithMinimums(ReadOnlySpan<float> x, Span<byte> block, int levels)
    {
        float[] scales = new float[SubBlocks], minimums = new float[SubBlocks]; // value = scale * q - minimum, minimum >= 0
        for (int s = 0; s < SubBlocks; s++)
        {
            (float min, float max) = (0, float.MinValue);
            foreach (float value in x.Slice(s * SubLength, SubLength))
            {
                (min, max) = (MathF.Min(min, value), MathF.Max(max, value));
            }

            (scales[s], minimums[s]) = (MathF.Max(max - min, 0) / levels, -min);
        }

        Half d = (Half)(scales.Max() / 63f), dmin = (Half)(minimums.Max() / 63f);
        BinaryPrimitives.WriteHalfLittleEndian(block, d);
        BinaryPrimitives.WriteHalfLittleEndian(block[2..], dmin);
        byte[] sc = [.. scales.Select(s => SixBits(s, (float)d))], m = [.. minimums.Select(v => SixBits(v, (float)dmin))];
        PackScales(sc, m, block.Slice(4, 12));

        byte[] q = new byte[256];
        for (int i = 0; i < 256; i++)
        {
            float step = (float)d * sc[i / SubLength], offset = (float)dmin * m[i / SubLength];
            q[i] = (byte)(step != 0 ? Math.Clamp((int)MathF.Round((x[i] + offset) / step), 0, levels) : 0);
        }

        return q;
    }

    private static byte SixBits(float value, float unit) => unit > 0 ? (byte)Math.Clamp((int)MathF.Round(value / unit), 0, 63) : (byte)0;

    // Scales 0-3 and minimums 0-3 in the low six bits of bytes 0-3 and 4-7; the low halves of 4-7 in bytes 8-11, their upper two bits above the others.
    private static void PackScales(byte[] sc, byte[] m, Span<byte> bytes)
    {
        for (int i = 0; i < 4; i++)
        {
            bytes[i] = (byte)(sc[i] | (sc[i + 4] >> 4 << 6));
            bytes[i + 4] = (byte)(m[i] | (m[i + 4] >> 4 << 6));
            bytes[i + 8] = (byte)((sc[i + 4] & 15) | ((m[i + 4] & 15) << 4));
        }
    }
}
