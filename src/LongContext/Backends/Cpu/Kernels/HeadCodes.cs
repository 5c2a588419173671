using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Keys and values as bytes: each vector of a head has a scale of its own, its largest magnitude becomes ±127.</summary>
/// <remarks>
/// Keys, and queries with them, are turned first by a Hadamard matrix, which changes no product of the two: a feature that is much larger
/// than the rest (models with biased keys have some) is spread over all, and the rest keep their bits.
/// </remarks>
internal static unsafe class HeadCodes
{
    /// <summary>Added to a key's bytes: the dot product of bytes takes its first operand without a sign.</summary>
    internal const int KeyOffset = 128;

    /// <summary>Floats kept with a token.</summary>
    internal const int ScalesPerToken = 3;

    private const int Largest = 127;
    private const float Least = 1e-28f; // of a magnitude: its logarithm and its inverse stay numbers
    private const float RoundingShift = 12_582_912; // 1.5 · 2²³: added, a float's last bits are an integer

    /// <summary>Features of a key as they lie: whole fours.</summary>
    internal static int Padded(int headDim) => (headDim + 3) / 4 * 4;

    /// <summary>Scale of a vector, and what it is multiplied by.</summary>
    internal static float Scale(ReadOnlySpan<float> x, out float inverse) => Scale(MathF.Abs(TensorPrimitives.MaxMagnitude(x)), out inverse);

    /// <summary>The same from the largest magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Scale(float magnitude, out float inverse)
    {
        magnitude = magnitude < Least ? Least : magnitude;
        inverse = Largest / magnitude;
        return magnitude / Largest;
    }

    /// <summary>The nearest integer, ties to even, of what its inverse scale brought within ±127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Round(float x) => BitConverter.SingleToInt32Bits(x + RoundingShift) - BitConverter.SingleToInt32Bits(RoundingShift);

    /// <summary>The same of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> Round(Vector512<float> x) =>
        (x + Vector512.Create(RoundingShift)).AsInt32() - Vector512.Create(RoundingShift).AsInt32();

    /// <summary>Turns a vector in place; turning it again gives it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Turn(float* x, int headDim)
    {
        int block = headDim & -headDim; // the largest power of two that divides it
        float factor = 1 / MathF.Sqrt(block);
        for (int start = 0; start < headDim; start += block)
        {
            Turn(x + start, block, factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float* x, int block, float factor)
    {
        if (block < Vector128<float>.Count)
        {
            if (block == 2)
            {
                (x[0], x[1]) = ((x[0] + x[1]) * factor, (x[0] - x[1]) * factor);
            }

            return;
        }

        if (block >= Vector512<float>.Count && Avx512F.IsSupported)
        {
            TurnWide(x, block, factor);
            return;
        }

        Vector128<float> first = Vector128.Create(1f, -1, 1, -1) * factor, neighbours = Vector128.Create(factor);
        Vector128<float> second = Vector128.Create(1f, 1, -1, -1);
        for (int i = 0; i < block; i += Vector128<float>.Count)
        {
            Vector128<float> v = Vector128.Load(x + i);
            v = (v * first) + (Vector128.Shuffle(v, Vector128.Create(1, 0, 3, 2)) * neighbours);
            v = (v * second) + Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1));
            v.Store(x + i);
        }

        for (int half = Vector128<float>.Count; half < block; half *= 2)
        {
            for (int start = 0; start < block; start += 2 * half)
            {
                for (int i = start; i < start + half; i += Vector128<float>.Count)
                {
                    (Vector128<float> a, Vector128<float> b) = (Vector128.Load(x + i), Vector128.Load(x + i + half));
                    (a + b).Store(x + i);
                    (a - b).Store(x + i + half);
                }
            }
        }
    }

    /// <summary>The same sums and differences, 16 at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TurnWide(float* x, int block, float factor)
    {
        Vector512<float> neighbours = Vector512.Create(factor), first = Signs(1) * neighbours;
        Vector512<float> second = Signs(2), fourth = Signs(4), eighth = Signs(8);
        for (int i = 0; i < block; i += Vector512<float>.Count)
        {
            Vector512<float> v = Vector512.Load(x + i);
            v = (v * first) + (Avx512F.Permute4x32(v, 0b10_11_00_01) * neighbours);
            v = (v * second) + Avx512F.Permute4x32(v, 0b01_00_11_10);
            v = (v * fourth) + Avx512F.Shuffle4x128(v, v, 0b10_11_00_01);
            v = (v * eighth) + Avx512F.Shuffle4x128(v, v, 0b01_00_11_10);
            v.Store(x + i);
        }

        for (int half = Vector512<float>.Count; half < block; half *= 2)
        {
            for (int start = 0; start < block; start += 2 * half)
            {
                for (int i = start; i < start + half; i += Vector512<float>.Count)
                {
                    (Vector512<float> a, Vector512<float> b) = (Vector512.Load(x + i), Vector512.Load(x + i + half));
                    (a + b).Store(x + i);
                    (a - b).Store(x + i + half);
                }
            }
        }
    }

    /// <summary>1 and −1 by turns of <paramref name="length"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Signs(int length) =>
        Vector512.ConditionalSelect(
            Vector512.Equals(Vector512<int>.Indices & Vector512.Create(length), Vector512<int>.Zero).AsSingle(), Vector512.Create(1f), Vector512.Create(-1f));
}
