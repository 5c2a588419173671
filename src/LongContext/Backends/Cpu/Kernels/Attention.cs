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
        plan.Describe(ref a);
        AttentionUnits units = plan.Units(a, pool.Count);
        a.Partials = units.Partials;
        WorkerScratch shares = new(scratch, pool.Count, AttentionScratch.Floats(Math.Max(units.Rows, 1), a));
        long grain = units.Cost * a.HeadDim < InlineCost ? units.Count : 1;
        if (cacheType == DType.BF16)
        {
            AttentionJob<TSimd, TVec, BF16> job = new(a, units.Units, shares);
            pool.Run(ref job, units.Count, grain);
        }
        else
        {
            AttentionJob<TSimd, TVec, F32> job = new(a, units.Units, shares);
            pool.Run(ref job, units.Count, grain);
        }

        Merge(pool, units, a, shares);
    }

    /// <summary>The same over pages of bfloat16 pairs.</summary>
    internal static void RunPairs(WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, AttentionKernels kernels, AttentionArguments a)
    {
        plan.Describe(ref a);
        AttentionUnits units = plan.Units(a, pool.Count);
        a.Partials = units.Partials;
        int rows = Math.Max(units.Rows, 1);
        WorkerScratch shares = new(scratch, pool.Count, Math.Max(AttentionScratch.Floats(rows, a), AttentionPairsScratch.Floats(rows, a)));
        long grain = units.Cost * a.HeadDim < InlineCost ? units.Count : 1;
        AttentionPairsJob<TSimd, TVec> job = new(kernels, a, units.Units, shares);
        pool.Run(ref job, units.Count, grain);
        Merge(pool, units, a, shares);
    }

    /// <summary>The same by tile registers.</summary>
    internal static void RunAmx(
        WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, AmxKernels kernels, AttentionKernels vectors, AttentionArguments a)
    {
        plan.Describe(ref a);
        AttentionUnits units = plan.Units(a, pool.Count);
        a.Partials = units.Partials;
        int rows = Math.Max(units.Rows, 1);
        WorkerScratch shares = new(scratch, pool.Count, Math.Max(AttentionScratch.Floats(rows, a), AttentionAmxScratch.Floats(rows, a)));
        long grain = units.Cost * a.HeadDim < InlineCost ? units.Count : 1;
        AttentionAmxJob<TSimd, TVec> job = new(kernels, vectors, a, units.Units, shares);
        pool.Run(ref job, units.Count, grain);
        Merge(pool, units, a, shares);
    }

    /// <summary>The same over pages of bytes.</summary>
    internal static void RunBytes(WorkerPool pool, NativeBuffer<float> scratch, CpuAttentionPlan plan, ByteAttentionKernels kernels, AttentionArguments a)
    {
        plan.Describe(ref a);
        AttentionUnits units = plan.Units(a, pool.Count);
        a.Partials = units.Partials;
        int rows = Math.Max(units.Rows, 1);
        WorkerScratch shares = new(scratch, pool.Count, Math.Max(AttentionScratch.Floats(rows, a), AttentionBytesScratch.Floats(rows, a)));
        long grain = units.Cost * a.HeadDim < InlineCost ? units.Count : 1;
        AttentionBytesJob<TSimd, TVec> job = new(kernels, a, units.Units, shares);
        pool.Run(ref job, units.Count, grain);
        Merge(pool, units, a, shares);
    }

    private static void Merge(WorkerPool pool, AttentionUnits units, in AttentionArguments a, in WorkerScratch shares)
    {
        AttentionMergeJob<TSimd, TVec> merge = new(a, units.Merges, shares);
        pool.Run(ref merge, units.MergeCount, 4);
    }
}
