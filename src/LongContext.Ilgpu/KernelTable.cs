using ILGPU;
using ILGPU.Runtime;
using LongContext.Backends;
using LongContext.Ilgpu.Kernels;

namespace LongContext.Ilgpu;

/// <summary>Launchers of the kernels on one accelerator; each is compiled at its first use.</summary>
internal sealed class KernelTable(Accelerator accelerator)
{
    internal Action<Index1D, ArrayView<float>, ArrayView<int>, float, int, ArrayView<float>> Embedding => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, float, int, ArrayView<float>>(Kernels.Embedding.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, ArrayView<float>> Linear => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, ArrayView<float>>(
            Kernels.Linear.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, float, int, ArrayView<float>> RmsNorm => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float, int, ArrayView<float>>(Kernels.RmsNorm.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, RotaryShape> Rotary => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, RotaryShape>(Kernels.Rotary.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, int, ArrayView<float>> GatedActivation => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, int, ArrayView<float>>(Kernels.GatedActivation.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>> Add => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Kernels.Add.Kernel);

    internal Action<Index1D, ArrayView<float>, float> SoftCap => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, float>(Kernels.SoftCap.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<int>, int, ArrayView<float>> GatherRows => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<int>, int, ArrayView<float>>(Kernels.GatherRows.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<long>, int, CachedVectors, CachedVectors> AppendKV => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<long>, int, CachedVectors, CachedVectors>(
            Kernels.AppendKV.Kernel);

    internal Action<Index1D, ArrayView<int>, CachedVectors, CachedVectors, int, int, ArrayView<float>, ArrayView<float>> GatherKV => field ??=
        accelerator.LoadAutoGroupedStreamKernel<
            Index1D, ArrayView<int>, CachedVectors, CachedVectors, int, int, ArrayView<float>, ArrayView<float>>(Kernels.GatherKV.Kernel);

    internal Action<
        Index1D, ArrayView<float>, CachedVectors, CachedVectors, PageTable, ArrayView<AttentionItem>, ArrayView<int>, AttentionShape,
        ArrayView<float>, ArrayView<float>> Attention => field ??=
        accelerator.LoadAutoGroupedStreamKernel<
            Index1D, ArrayView<float>, CachedVectors, CachedVectors, PageTable, ArrayView<AttentionItem>, ArrayView<int>, AttentionShape,
            ArrayView<float>, ArrayView<float>>(Kernels.Attention.Kernel);

    internal Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int> MergeStates => field ??=
        accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(
            Kernels.MergeStates.Kernel);
}
