using System.Runtime.CompilerServices;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Merges two attention results over disjoint sets of keys into one; a piece is one (token, head).</summary>
/// <remarks>
/// <c>out = (w₁·out₁ + w₂·out₂) / (w₁ + w₂)</c> with <c>wᵢ = exp(lseᵢ − max)</c>. Commutative and associative:
/// split-KV, ring and star attention may merge in any order. An empty set has <c>lse = −∞</c>.
/// </remarks>
internal readonly unsafe struct MergeStates(float* output, float* lse, float* other, float* otherLse, int headDim) : IJob
{
    private readonly float* _output = output;
    private readonly float* _lse = lse;
    private readonly float* _other = other;
    private readonly float* _otherLse = otherLse;
    private readonly int _headDim = headDim;

    internal static void Run(WorkerPool pool, MergeStates job, long rows) => pool.Run(ref job, rows, 16_384 / Math.Max(job._headDim, 1));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        for (long row = start; row < end; row++)
        {
            float* x = _output + (row * _headDim);
            float* y = _other + (row * _headDim);
            if (float.IsNegativeInfinity(_otherLse[row]))
            {
                continue; // nothing to add; were both sets empty, −∞ − (−∞) would be NaN
            }

            if (float.IsNegativeInfinity(_lse[row]))
            {
                new ReadOnlySpan<float>(y, _headDim).CopyTo(new Span<float>(x, _headDim));
                _lse[row] = _otherLse[row];
                continue;
            }

            float max = MathF.Max(_lse[row], _otherLse[row]);
            float w1 = MathF.Exp(_lse[row] - max);
            float w2 = MathF.Exp(_otherLse[row] - max);
            float sum = w1 + w2;
            for (int d = 0; d < _headDim; d++)
            {
                x[d] = (x[d] * (w1 / sum)) + (y[d] * (w2 / sum));
            }

            _lse[row] = max + MathF.Log(sum);
        }
    }
}
