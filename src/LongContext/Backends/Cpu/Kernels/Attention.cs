using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One layer's attention: cuts it into units, has them done, merges what was done apart.</summary>
internal static unsafe class Attention<TSimd, TVec>
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private const long InlineCost = 200_000; // multiplications that are done sooner than a second worker wakes

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, DType cacheType, AttentionArguments a)
    {
        AttentionUnits units = Cut(pool, plan, ref a);
        WorkerScratch shares = new(scratch, pool.Count, AttentionScratch.Floats(Rows(units), a));
        if (cacheType == DType.BF16)
        {
            AttentionJob<TSimd, TVec, BF16> job = new(a, units.Units, shares);
            Run(pool, units, a, shares, ref job);
        }
        else
        {
            AttentionJob<TSimd, TVec, F32> job = new(a, units.Units, shares);
            Run(pool, units, a, shares, ref job);
        }
    }

    /// <summary>The same over pages of bfloat16 pairs.</summary>
    internal static void RunPairs(WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, AttentionKernels kernels, AttentionArguments a)
    {
        AttentionUnits units = Cut(pool, plan, ref a);
        WorkerScratch shares = new(scratch, pool.Count, Math.Max(AttentionScratch.Floats(Rows(units), a), AttentionPairsScratch.Floats(Rows(units), a)));
        AttentionPairsJob<TSimd, TVec> job = new(kernels, a, units.Units, shares);
        Run(pool, units, a, shares, ref job);
    }

    /// <summary>The same by tile registers.</summary>
    internal static void RunAmx(
        WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, AmxKernels kernels, AttentionKernels vectors, AttentionArguments a)
    {
        AttentionUnits units = Cut(pool, plan, ref a);
        WorkerScratch shares = new(scratch, pool.Count, Math.Max(AttentionScratch.Floats(Rows(units), a), AttentionAmxScratch.Floats(Rows(units), a)));
        AttentionAmxJob<TSimd, TVec> job = new(kernels, vectors, a, units.Units, shares);
        Run(pool, units, a, shares, ref job);
    }

    /// <summary>The same over pages of bytes.</summary>
    internal static void RunBytes(WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, ByteAttentionKernels kernels, AttentionArguments a)
    {
        AttentionUnits units = Cut(pool, plan, ref a);
        WorkerScratch shares = new(scratch, pool.Count, Math.Max(AttentionScratch.Floats(Rows(units), a), AttentionBytesScratch.Floats(Rows(units), a)));
        AttentionBytesJob<TSimd, TVec> job = new(kernels, a, units.Units, shares);
        Run(pool, units, a, shares, ref job);
    }

    private static AttentionUnits Cut(WorkerPool pool, CpuAttentionPlan plan, ref AttentionArguments a)
    {
        plan.Describe(ref a);
        AttentionUnits units = plan.Units(a, pool.Count);
        a.Partials = units.Partials;
        return units;
    }

    private static int Rows(AttentionUnits units) => Math.Max(units.Rows, 1);

    private static void Run<TJob>(WorkerPool pool, AttentionUnits units, in AttentionArguments a, in WorkerScratch shares, ref TJob job)
        where TJob : unmanaged, IJob
    {
        pool.Run(ref job, units.Count, units.Cost * a.HeadDim < InlineCost ? units.Count : 1);
        AttentionMergeJob<TSimd, TVec> merge = new(a, units.Merges, shares);
        pool.Run(ref merge, units.MergeCount, 4);
    }
}
