using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Rounds to bfloat16 and back, as caches do: to the nearest, ties to even; a NaN stays one.</summary>
internal static class BFloat16Rows
{
    internal static void Round(ReadOnlySpan<float> source, Span<ushort> target)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int width = Vector<uint>.Count;
        int i = 0;
        for (; i <= source.Length - (2 * width); i += 2 * width)
        {
            Vector.Narrow(Round(new Vector<uint>(bits[i..])), Round(new Vector<uint>(bits[(i + width)..]))).CopyTo(target[i..]);
        }

        for (; i < source.Length; i++)
        {
            target[i] = (ushort)((float.IsNaN(source[i]) ? bits[i] | 0x400000 : bits[i] + 0x7FFF + ((bits[i] >> 16) & 1)) >> 16);
        }
    }

    internal static void Widen(ReadOnlySpan<ushort> source, Span<float> target)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(target);
        int width = Vector<uint>.Count;
        int i = 0;
        for (; i <= source.Length - (2 * width); i += 2 * width)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            Vector.ShiftLeft(low, 16).CopyTo(bits[i..]);
            Vector.ShiftLeft(high, 16).CopyTo(bits[(i + width)..]);
        }

        for (; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }

    private static Vector<uint> Round(Vector<uint> bits)
    {
        Vector<uint> rounded = bits + new Vector<uint>(0x7FFF) + (Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One);
        Vector<float> x = Vector.AsVectorSingle(bits);
        Vector<uint> isNumber = Vector.AsVectorUInt32(Vector.Equals(x, x));
        return Vector.ShiftRightLogical(Vector.ConditionalSelect(isNumber, rounded, bits | new Vector<uint>(0x400000)), 16);
    }
}
