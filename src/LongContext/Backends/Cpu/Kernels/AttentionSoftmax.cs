using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    /// <summary><see cref="Advance"/> of four rows at once, bit for bit: what crosses lanes, and what there is one of a row, is done for all four together.</summary>
    /// <param name="scores">[4, count], as there.</param>
    /// <param name="stride">Elements from row to row.</param>
    /// <param name="count">Whole vectors.</param>
    /// <param name="max">[4].</param>
    /// <param name="denominators">[4].</param>
    /// <param name="factors">[4], what earlier sums must be multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Advance4(float* scores, long stride, int count, float* max, float* denominators, float* factors)
    {
        float* scores1 = scores + stride;
        float* scores2 = scores + (2 * stride);
        float* scores3 = scores + (3 * stride);
        TVec greatest = TSimd.Load(scores), greatest1 = TSimd.Load(scores1), greatest2 = TSimd.Load(scores2), greatest3 = TSimd.Load(scores3);
        for (long i = TSimd.Width; i < count; i += TSimd.Width)
        {
            greatest = TSimd.Max(greatest, TSimd.Load(scores + i));
            greatest1 = TSimd.Max(greatest1, TSimd.Load(scores1 + i));
            greatest2 = TSimd.Max(greatest2, TSimd.Load(scores2 + i));
            greatest3 = TSimd.Max(greatest3, TSimd.Load(scores3 + i));
        }

        Vector128<float> oldMax = Vector128.Load(max);
        Vector128<float> newMax = Vector128.MaxNative(oldMax, TSimd.Max4(greatest, greatest1, greatest2, greatest3));
        newMax.Store(max);
        Vector128<float> nothingSeen = Vector128.Equals(newMax, Vector128.Create(float.NegativeInfinity)); // −∞ − (−∞) would be NaN
        Vector128<float> offsets = Vector128.ConditionalSelect(nothingSeen, Vector128<float>.Zero, newMax);
        TVec offset = TSimd.Broadcast(offsets.GetElement(0)), offset1 = TSimd.Broadcast(offsets.GetElement(1));
        TVec offset2 = TSimd.Broadcast(offsets.GetElement(2)), offset3 = TSimd.Broadcast(offsets.GetElement(3));
        TVec sum = TSimd.Zero, sum1 = TSimd.Zero, sum2 = TSimd.Zero, sum3 = TSimd.Zero;
        for (long i = 0; i < count; i += TSimd.Width)
        {
            TVec weight = VectorMath<TSimd, TVec>.Exp2(TSimd.Subtract(TSimd.Load(scores + i), offset));
            TSimd.Store(scores + i, weight);
            sum = TSimd.Add(sum, weight);
            weight = VectorMath<TSimd, TVec>.Exp2(TSimd.Subtract(TSimd.Load(scores1 + i), offset1));
            TSimd.Store(scores1 + i, weight);
            sum1 = TSimd.Add(sum1, weight);
            weight = VectorMath<TSimd, TVec>.Exp2(TSimd.Subtract(TSimd.Load(scores2 + i), offset2));
            TSimd.Store(scores2 + i, weight);
            sum2 = TSimd.Add(sum2, weight);
            weight = VectorMath<TSimd, TVec>.Exp2(TSimd.Subtract(TSimd.Load(scores3 + i), offset3));
            TSimd.Store(scores3 + i, weight);
            sum3 = TSimd.Add(sum3, weight);
        }

        Vector128<float> factor = Vector128.ConditionalSelect(
            Vector128.Equals(oldMax, newMax), Vector128<float>.One, VectorMath<Simd128, Vector128<float>>.Exp2(oldMax - offsets));
        factor.Store(factors);
        Vector128.FusedMultiplyAdd(Vector128.Load(denominators), factor, TSimd.Sum4(sum, sum1, sum2, sum3)).Store(denominators);
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
