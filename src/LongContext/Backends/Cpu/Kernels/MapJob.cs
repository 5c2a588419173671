using System.Runtime.CompilerServices;
using LongContext.Backends.Cpu.Simd;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>output[i] = f(x[i], y[i]); a piece is <see cref="Piece"/> elements. Output may be an input.</summary>
/// <remarks>The last elements go through a whole vector too, so that an element's result does not depend on where it stands.</remarks>
internal readonly unsafe struct MapJob<TSimd, TVec, TMap>(float* x, float* y, float parameter, float* output, long count) : IJob
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
    where TMap : unmanaged, IMap
{
    private const int Piece = 4096;

    private readonly float* _x = x;
    private readonly float* _y = y;
    private readonly float _parameter = parameter;
    private readonly float* _output = output;
    private readonly long _count = count;

    internal static void Run(WorkerPool pool, MapJob<TSimd, TVec, TMap> job) =>
        pool.Run(ref job, (job._count + Piece - 1) / Piece, 2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int worker, long start, long end)
    {
        TVec parameter = TSimd.Broadcast(_parameter);
        long i = start * Piece;
        long limit = Math.Min(end * Piece, _count);
        for (; i + TSimd.Width <= limit; i += TSimd.Width)
        {
            TSimd.Store(_output + i, TMap.Apply<TSimd, TVec>(TSimd.Load(_x + i), TSimd.Load(_y + i), parameter));
        }

        if (i < limit)
        {
            float* last = stackalloc float[2 * TSimd.Width];
            int left = (int)(limit - i);
            new Span<float>(_x + i, left).CopyTo(new Span<float>(last, left));
            new Span<float>(_y + i, left).CopyTo(new Span<float>(last + TSimd.Width, left));
            TSimd.Store(last, TMap.Apply<TSimd, TVec>(TSimd.Load(last), TSimd.Load(last + TSimd.Width), parameter));
            new Span<float>(last, left).CopyTo(new Span<float>(_output + i, left));
        }
    }
}
