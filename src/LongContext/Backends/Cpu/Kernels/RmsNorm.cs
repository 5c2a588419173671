using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>x · weight / √(mean of x² + ε); a piece is a row. Output may be the input.</summary>
internal readonly unsafe struct RmsNorm<TSimd, TVec>(float* input, float* weight, int n, float epsilon, float* output) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private readonly float* _input = input;
    private readonly float* _weight = weight;
    private readonly int _n = n;
    private readonly float _epsilon = epsilon;
    private readonly float* _output = output;

    internal static void Run(WorkerPool pool, RmsNorm<TSimd, TVec> job, long rows) =>
        pool.Run(ref job, rows, 16_384 / Math.Max(job._n, 1));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        for (long row = start; row < end; row++)
        {
            float* x = _input + (row * _n);
            float* y = _output + (row * _n);
            TVec squares = TSimd.Zero;
            int i = 0;
            for (; i + TSimd.Width <= _n; i += TSimd.Width)
            {
                TVec v = TSimd.Load(x + i);
                squares = TSimd.Fma(v, v, squares);
            }

            double sum = TSimd.Sum(squares);
            for (; i < _n; i++)
            {
                sum += (double)x[i] * x[i];
            }

            float factor = (float)(1 / Math.Sqrt((sum / _n) + _epsilon));
            TVec factors = TSimd.Broadcast(factor);
            for (i = 0; i + TSimd.Width <= _n; i += TSimd.Width)
            {
                TSimd.Store(y + i, TSimd.Multiply(TSimd.Multiply(TSimd.Load(x + i), factors), TSimd.Load(_weight + i)));
            }

            for (; i < _n; i++)
            {
                y[i] = x[i] * factor * _weight[i];
            }
        }
    }
}
