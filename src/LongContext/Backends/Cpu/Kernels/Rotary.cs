using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Turns each pair of a head's features by its angle, in place; a piece is a token.</summary>
internal readonly unsafe struct Rotary<TSimd, TVec>(float* x, float* cos, float* sin, int heads, int headDim, int pairs, RotaryLayout layout)
    : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly float* _x = x;
    private readonly float* _cos = cos;
    private readonly float* _sin = sin;
    private readonly int _heads = heads;
    private readonly int _headDim = headDim;
    private readonly int _pairs = pairs;
    private readonly RotaryLayout _layout = layout;

    internal static void Run(WorkerPool pool, Rotary<TSimd, TVec> job, int tokens) =>
        pool.Run(ref job, tokens, 16_384 / Math.Max((long)job._heads * job._headDim, 1));

    public void Execute(int worker, long start, long end)
    {
        for (long token = start; token < end; token++)
        {
            for (int head = 0; head < _heads; head++)
            {
                float* features = _x + (((token * _heads) + head) * _headDim);
                if (_layout == RotaryLayout.SplitHalves)
                {
                    SplitHalves(features, _cos + (token * _pairs), _sin + (token * _pairs));
                }
                else
                {
                    Interleaved(features, _cos + (token * _pairs), _sin + (token * _pairs));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SplitHalves(float* first, float* cos, float* sin)
    {
        float* second = first + _pairs;
        int i = 0;
        for (; i + TSimd.Width <= _pairs; i += TSimd.Width)
        {
            TVec a = TSimd.Load(first + i);
            TVec b = TSimd.Load(second + i);
            TVec c = TSimd.Load(cos + i);
            TVec s = TSimd.Load(sin + i);
            TSimd.Store(first + i, TSimd.Subtract(TSimd.Multiply(a, c), TSimd.Multiply(b, s)));
            TSimd.Store(second + i, TSimd.Fma(b, c, TSimd.Multiply(a, s)));
        }

        for (; i < _pairs; i++)
        {
            Turn(ref first[i], ref second[i], cos[i], sin[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interleaved(float* features, float* cos, float* sin)
    {
        for (int i = 0; i < _pairs; i++)
        {
            Turn(ref features[2 * i], ref features[(2 * i) + 1], cos[i], sin[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref float a, ref float b, float cos, float sin) =>
        (a, b) = ((a * cos) - (b * sin), MathF.FusedMultiplyAdd(b, cos, a * sin));
}
