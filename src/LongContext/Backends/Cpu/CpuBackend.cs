using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu;

/// <summary>Computes on the processor's cores with managed vector code; weights are used where they lie, mapped files included.</summary>
/// <remarks>
/// Greedy output does not depend on chunk sizes or on what else is in the batch: a row's operations and their order are fixed by the row
/// and the vector width alone, never by tiles, by the number of workers or by who did what. One exception: with tile registers (AMX) linear
/// layers of many rows round other operands than those of few rows do, see <see cref="LinearAmx"/>.
/// </remarks>
internal sealed unsafe class CpuBackend : IBackend
{
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _scratch = new();
    private readonly IKernels _kernels;
    private readonly bool _hasPairs; // attention multiplies bfloat16 pairs
    private readonly bool _hasTiles; // attention multiplies them by tile registers, where they suit
    private readonly bool _packsPanels; // weights of Q8_0 are laid out anew

    /// <summary>Starts <paramref name="threads"/> − 1 workers; the engine's thread is the first. 0 means one thread a core.</summary>
    /// <exception cref="ConfigurationException">The environment asks for a vector width that does not exist.</exception>
    internal CpuBackend(int threads = 0, ModelPrecision precision = ModelPrecision.Float32, CorePinning pinning = CorePinning.None)
        : this(threads, SimdWidths.Choose(), precision, pinning)
    {
    }

    /// <summary>The same with a chosen vector width; any width works on any machine.</summary>
    internal CpuBackend(
        int threads, SimdWidth width, ModelPrecision precision = ModelPrecision.Float32, CorePinning pinning = CorePinning.None)
        : this(threads, width, precision, pinning, precision == ModelPrecision.Auto && MachineCodeSwitch.IsAmxOn && width == SimdWidth.Bits512 ? AmxKernels.Find() : null)
    {
    }

    /// <summary>The same with chosen kernels for tile registers; null for none.</summary>
    internal CpuBackend(int threads, SimdWidth width, ModelPrecision precision, CorePinning pinning, AmxKernels? amx)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        int workers = threads == 0 ? Environment.ProcessorCount : threads;
        _pool = new WorkerPool(workers, pinning == CorePinning.OneCorePerThread ? CoreAffinity.Choose(workers) : null);
        bool generates = precision == ModelPrecision.Auto && MachineCodeSwitch.IsOn; // read first: a wrong value is refused on every machine
        BF16Kernels? rounded = generates && width == SimdWidth.Bits512 ? BF16Kernels.Find() : null;
        Int8Kernels? quantised = generates && width == SimdWidth.Bits512 ? Int8Kernels.Find() : null;
        AttentionKernels? attention = rounded is null ? null : AttentionKernels.Find();
        AttentionKernels? softmax = amx is null ? null : AttentionKernels.FindAny();
        ByteAttentionKernels? bytes = generates && width == SimdWidth.Bits512 ? ByteAttentionKernels.Find() : null;
        (_hasPairs, _hasTiles) = (attention is not null, softmax is not null);
        _packsPanels = quantised is not null && amx is null; // tiles read weights as files have them
        _kernels = width switch
        {
            SimdWidth.Bits512 => new Kernels<Simd512, Vector512<float>>(_pool, _scratch, rounded, quantised, attention, amx, softmax, bytes),
            SimdWidth.Bits256 => new Kernels<Simd256, Vector256<float>>(_pool, _scratch),
            _ => new Kernels<Simd128, Vector128<float>>(_pool, _scratch),
        };
        string products = (amx is null ? "" : "AMX, ") + (quantised is null ? "" : "int8 products, ") + (rounded is null ? "" : "bf16 products, ");
        string places = _pool.IsPinned ? " on their cores" : "";
        Info = new BackendInfo("cpu", $"{(int)width}-bit vectors, {products}{_pool.Count} threads{places}", _pool.Count);
    }

    /// <summary>Puts the calling thread, which will call all operations from now on, where the pool wants it.</summary>
    internal void EngineThreadStarts() => _pool.PinCaller();

    /// <inheritdoc/>
    public BackendInfo Info { get; }

    /// <inheritdoc/>
    public Tensor Allocate(DType type, TensorShape shape) =>
        new(HostStorage.Allocate(BlockFormat.Of(type).ByteCount(shape.ElementCount)), 0, type, shape);

    /// <inheritdoc/>
    public Tensor ImportWeight(in Tensor host)
    {
        ShapeGuard.Require(host.Storage is HostStorage, "The weight is not in host memory.");
        return _packsPanels && PanelRows.Suits(host) ? LinearPanels.Pack(_pool, host) : host;
    }

    /// <inheritdoc/>
    public KVCacheStorage AllocateKVCache(KVCacheShape shape)
    {
        OperationShapes.KVCache(shape);
        bool isPaired = (_hasPairs && shape.Type == DType.BF16 && shape.HeadDim % 2 == 0) || (_hasTiles && AttentionAmx.Suits(shape));
        return new CpuKVCacheStorage(shape, shape.Type == DType.Q8_0 ? KVPageLayout.Bytes : isPaired ? KVPageLayout.Pairs : KVPageLayout.Rows);
    }

    /// <inheritdoc/>
    public long KVCacheByteCount(KVCacheShape shape)
    {
        OperationShapes.KVCache(shape);
        return CpuKVCacheStorage.ByteCountOf(shape);
    }

    /// <inheritdoc/>
    public AttentionPlan CreatePlan() => new CpuAttentionPlan();

    /// <inheritdoc/>
    public void Plan(AttentionPlan plan, AttentionBatch batch) => Own(plan).Fill(batch);

    /// <inheritdoc/>
    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged
    {
        ShapeGuard.SameLength((long)source.Length * sizeof(T), destination.ByteCount, "bytes to upload");
        source.CopyTo(new Span<T>(destination.HostPointer, source.Length));
    }

    /// <inheritdoc/>
    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged
    {
        ShapeGuard.SameLength((long)destination.Length * sizeof(T), source.ByteCount, "bytes to download");
        new ReadOnlySpan<T>(source.HostPointer, destination.Length).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output)
    {
        OperationShapes.Embedding(table, ids, output);
        RowNumbers(ids, table.Shape.Rows);
        _kernels.Embedding(table, ids, scale, output);
    }

    /// <inheritdoc/>
    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        OperationShapes.Linear(input, weight, bias, output);
        _kernels.Linear(input, weight, bias, output);
    }

    /// <inheritdoc/>
    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output)
    {
        OperationShapes.RmsNorm(input, weight, output);
        _kernels.RmsNorm(input, weight, epsilon, output);
    }

    /// <inheritdoc/>
    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout)
    {
        OperationShapes.Rotary(x, cos, sin);
        _kernels.Rotary(x, cos, sin, layout);
    }

    /// <inheritdoc/>
    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output)
    {
        OperationShapes.Elementwise(gate, up, output);
        _kernels.GatedActivation(gate, up, activation, output);
    }

    /// <inheritdoc/>
    public void Add(in Tensor x, in Tensor y, in Tensor output)
    {
        OperationShapes.Elementwise(x, y, output);
        _kernels.Add(x, y, output);
    }

    /// <inheritdoc/>
    public void SoftCap(in Tensor x, float cap)
    {
        OperationShapes.SoftCap(x, cap);
        _kernels.SoftCap(x, cap);
    }

    /// <inheritdoc/>
    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        OperationShapes.GatherRows(x, rows, output);
        RowNumbers(rows, x.Shape.Rows);
        GatherRows job = new((float*)x.HostPointer, (int*)rows.HostPointer, (float*)output.HostPointer, output.RowLength);
        Kernels.GatherRows.Run(_pool, job, output.Rows);
    }

    /// <inheritdoc/>
    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan)
    {
        (CpuKVCacheStorage pages, CpuAttentionPlan step) = (Own(cache), Own(plan));
        KVCacheShape shape = pages.Shape;
        step.CheckCache(shape);
        OperationShapes.AppendKV(k, v, shape, layer, step.Tokens);
        OperationShapes.Slots(step.CanAppend);
        AppendKV job = new(
            (float*)k.HostPointer, (float*)v.HostPointer, pages.Layer(layer), step.Slots, step.Tokens,
            shape.PageSize, shape.KVHeads, shape.HeadDim, pages.PaddedHeadDim, shape.Type, pages.Layout);
        Kernels.AppendKV.Run(_pool, job);
    }

    /// <inheritdoc/>
    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v)
    {
        CpuKVCacheStorage pages = Own(cache);
        KVCacheShape shape = pages.Shape;
        OperationShapes.GatherKV(shape, layer, slots, k, v);
        RowNumbers(slots, (long)shape.Pages * shape.PageSize);
        GatherKV job = new(
            (int*)slots.HostPointer, pages.Layer(layer), (float*)k.HostPointer, (float*)v.HostPointer, k.Rows,
            shape.PageSize, shape.KVHeads, shape.HeadDim, pages.PaddedHeadDim, shape.Type, pages.Layout);
        Kernels.GatherKV.Run(_pool, job);
    }

    /// <inheritdoc/>
    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        (CpuKVCacheStorage pages, CpuAttentionPlan step) = (Own(cache), Own(plan));
        step.CheckCache(pages.Shape);
        OperationShapes.Attention(q, pages.Shape, layer, step.Tokens, parameters, output, lse);
        _kernels.Attention(q, pages, layer, step, parameters, output, lse);
    }

    /// <inheritdoc/>
    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse)
    {
        OperationShapes.MergeStates(output, lse, other, otherLse);
        MergeStates job = new(
            (float*)output.HostPointer, (float*)lse.HostPointer, (float*)other.HostPointer, (float*)otherLse.HostPointer, (int)output.Shape[2]);
        Kernels.MergeStates.Run(_pool, job, lse.Shape.ElementCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pool.Dispose();
        _scratch.Dispose();
    }

    private static CpuAttentionPlan Own(AttentionPlan plan) =>
        plan as CpuAttentionPlan ?? throw new ArgumentException("The plan was made by another backend.", nameof(plan));

    private static CpuKVCacheStorage Own(KVCacheStorage cache) =>
        cache as CpuKVCacheStorage ?? throw new ArgumentException("The cache was allocated by another backend.", nameof(cache));

    private static void RowNumbers(in Tensor rows, long limit)
    {
        foreach (int row in rows.HostSpan<int>())
        {
            ShapeGuard.Within(row, 1, limit, "row number");
        }
    }
}
