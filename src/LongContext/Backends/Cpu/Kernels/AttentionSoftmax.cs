using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>The steps of the running softmax over vectors. Scores are base 2: weights are 2^(score − maximum).</summary>
internal static unsafe class AttentionSoftmax<TSimd, TVec>
    where TSimd : struct, ISimd<TVec>
    where TVec : struct
{
    /// <summary>Soft-caps scores that were divided by the cap: capFactor · tanh(score).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Cap(float* scores, int count, float capFactor)
    {
        TVec factor = TSimd.Broadcast(capFactor);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TSimd.Store(scores + i, TSimd.Multiply(VectorMath<TSimd, TVec>.Tanh(TSimd.Load(scores + i)), factor));
        }
    }

    /// <summary>Turns one row's scores into weights and brings its maximum and denominator up to date.</summary>
    /// <param name="scores">[count], −∞ where masked; weights on return.</param>
    /// <param name="count">Whole vectors.</param>
    /// <param name="max">The greatest score so far.</param>
    /// <param name="denominator">The sum of weights so far.</param>
    /// <returns>What earlier sums must be multiplied by.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Advance(float* scores, int count, ref float max, ref float denominator)
    {
        TVec greatest = TSimd.Load(scores);
        for (int i = TSimd.Width; i < count; i += TSimd.Width)
        {
            greatest = TSimd.Max(greatest, TSimd.Load(scores + i));
        }

        float newMax = MathF.Max(max, TSimd.MaxAcross(greatest));
        if (float.IsNegativeInfinity(newMax))
        {
            new Span<float>(scores, count).Clear(); // nothing seen yet: −∞ − (−∞) would be NaN
            return 1;
        }

        TVec offset = TSimd.Broadcast(newMax);
        TVec sum = TSimd.Zero;
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TVec weight = VectorMath<TSimd, TVec>.Exp2(TSimd.Subtract(TSimd.Load(scores + i), offset));
            TSimd.Store(scores + i, weight);
            sum = TSimd.Add(sum, weight);
        }

        float factor = Factor(max, newMax);
        max = newMax;
        denominator = MathF.FusedMultiplyAdd(denominator, factor, TSimd.Sum(sum));
        return factor;
    }

    /// <summary>Adds the state of later keys to the state of earlier ones, row by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Merge(in AttentionState total, in AttentionState part, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            float max = MathF.Max(total.Max[row], part.Max[row]);
            if (float.IsNegativeInfinity(part.Max[row]))
            {
                continue;
            }

            float w1 = Factor(total.Max[row], max);
            float w2 = Factor(part.Max[row], max);
            float* sums = total.Sums + ((long)row * columns);
            float* more = part.Sums + ((long)row * columns);
            for (int i = 0; i < columns; i += TSimd.Width)
            {
                TVec kept = TSimd.Multiply(TSimd.Load(sums + i), TSimd.Broadcast(w1));
                TSimd.Store(sums + i, TSimd.Fma(TSimd.Load(more + i), TSimd.Broadcast(w2), kept));
            }

            total.Max[row] = max;
            total.Denominators[row] = MathF.FusedMultiplyAdd(part.Denominators[row], w2, total.Denominators[row] * w1);
        }
    }

    /// <summary>2^(old − new), exactly 1 where nothing changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Factor(float old, float next) =>
        old == next ? 1 : TSimd.First(VectorMath<TSimd, TVec>.Exp2(TSimd.Broadcast(old - next)));
}
