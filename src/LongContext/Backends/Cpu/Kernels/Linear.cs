using LongContext.Backends.Cpu.Kernels.Elements;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>y = x · wᵀ + bias for weights of any type: chooses how, never what; every way gives the same bits.</summary>
internal static class Linear<TSimd, TVec>
    where TSimd : unmanaged, ISimd<TVec>
    where TVec : unmanaged
{
    private const int PanelBytes = 256 << 10; // a decoded panel stays in the second-level cache of any server core
    private const int DecodeFrom = 12; // rows from which widening 16-bit weights once pays for writing them down
    private const int WideTile = 6; // rows of a tile from which widening bfloat16 again for each tile costs less than writing it down
    private const int FusedRows = 1;

    internal static void Run(WorkerPool pool, NativeBuffer<float> scratch, DType type, in LinearArguments a)
    {
        if (LinearTurned.Suits<TSimd, TVec>(type, a))
        {
            LinearTurned.Run(pool, scratch, type, pairs: null, a);
            return;
        }

        switch (type)
        {
            case DType.F32:
                InPlace<F32>(pool, a);
                break;
            case DType.F16 when a.Rows < DecodeFrom:
                InPlace<F16>(pool, a);
                break;
            case DType.BF16 when a.Rows < DecodeFrom || TSimd.TileRows >= WideTile:
                InPlace<BF16>(pool, a);
                break;
            case DType.Q8_0 when a.Rows <= FusedRows: Fused<Q8_0>(pool, scratch, a); break;
            case DType.Q4_0 when a.Rows <= FusedRows: Fused<Q4_0>(pool, scratch, a); break;
            case DType.Q4_1 when a.Rows <= FusedRows: Fused<Q4_1>(pool, scratch, a); break;
            case DType.Q5_0 when a.Rows <= FusedRows: Fused<Q5_0>(pool, scratch, a); break;
            case DType.Q5_1 when a.Rows <= FusedRows: Fused<Q5_1>(pool, scratch, a); break;
            case DType.Q4_K when a.Rows <= FusedRows: Fused<Q4_K>(pool, scratch, a); break;
            case DType.Q5_K when a.Rows <= FusedRows: Fused<Q5_K>(pool, scratch, a); break;
            case DType.Q6_K when a.Rows <= FusedRows: Fused<Q6_K>(pool, scratch, a); break;
            default:
                Decoded(pool, scratch, type, a);
                break;
        }
    }

    private static void InPlace<TElement>(WorkerPool pool, in LinearArguments a)
        where TElement : unmanaged, IElement
    {
        int panel = Panel(pool, a);
        LinearJob<TSimd, TVec, TElement> job = new(a, panel);
        pool.Run(ref job, Panels(a, panel), Grain(a, panel));
    }

    private static void Fused<TFormat>(WorkerPool pool, NativeBuffer<float> scratch, in LinearArguments a)
        where TFormat : unmanaged, IBlockQuantized
    {
        int panel = Panel(pool, a);
        WorkerScratch shares = new(scratch, pool.Count, QuantizedLinearJob<TSimd, TVec, TFormat>.ScratchFloats(a.Features));
        QuantizedLinearJob<TSimd, TVec, TFormat> job = new(a, panel, shares);
        pool.Run(ref job, Panels(a, panel), Grain(a, panel));
    }

    private static void Decoded(WorkerPool pool, NativeBuffer<float> scratch, DType type, in LinearArguments a)
    {
        int panel = Panel(pool, a);
        WorkerScratch shares = new(scratch, pool.Count, DecodedLinearJob<TSimd, TVec>.ScratchFloats(a.Features, panel));
        DecodedLinearJob<TSimd, TVec> job = new(a, panel, type, shares);
        pool.Run(ref job, Panels(a, panel), Grain(a, panel));
    }

    /// <summary>Outputs of a panel: a multiple of 4 that fits the cache and leaves every worker several panels.</summary>
    private static int Panel(WorkerPool pool, in LinearArguments a)
    {
        int fitting = PanelBytes / sizeof(float) / Math.Max(a.Features, 1) / 4 * 4;
        int balanced = a.Outputs / (8 * pool.Count) / 4 * 4;
        return Math.Clamp(Math.Min(fitting, balanced), 4, 256);
    }

    private static long Panels(in LinearArguments a, int panel) => (a.Outputs + (long)panel - 1) / panel;

    /// <summary>Panels that are worth a claim: some 64K multiplications.</summary>
    private static long Grain(in LinearArguments a, int panel) => 65_536 / Math.Max((long)a.Rows * a.Features * panel, 1);
}
