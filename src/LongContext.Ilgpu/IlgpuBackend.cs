using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using LongContext.Backends;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Ilgpu;

/// <summary>The engine's operations as plain ILGPU kernels, on an NVIDIA GPU or on ILGPU's CPU accelerator.</summary>
/// <remarks>
/// The kernels are the operations' definitions, one thread an output: right, not fast. Weights become F32 on the device when they are
/// imported, whatever their type was. Row numbers are read back and checked, which waits for the device once an operation that takes them.
/// </remarks>
public sealed partial class IlgpuBackend : IBackend
{
    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly KernelTable _kernels;
    private int _boundThread;

    private IlgpuBackend(Context context, Accelerator accelerator)
    {
        (_context, _accelerator, _kernels) = (context, accelerator, new KernelTable(accelerator));
        Info = new BackendInfo("ilgpu", accelerator.Name, accelerator.NumMultiprocessors);
        _boundThread = Environment.CurrentManagedThreadId;
    }

    /// <inheritdoc/>
    public BackendInfo Info { get; }

    /// <summary>Opens an accelerator.</summary>
    /// <exception cref="NotSupportedException">There is no such accelerator on this machine.</exception>
    public static IlgpuBackend Create(IlgpuDevice device = IlgpuDevice.Best)
    {
        NativeLibraryNames.Install();
        Context context = Context.Create(builder => _ = device switch
        {
            IlgpuDevice.Cpu => builder.CPU().EnableAlgorithms(),
            IlgpuDevice.Cuda => builder.Cuda().EnableAlgorithms(),
            _ => builder.CPU().Cuda().EnableAlgorithms(),
        });
        try
        {
            Device found = context.Devices.OrderBy(d => d.AcceleratorType == AcceleratorType.Cuda ? 0 : 1).FirstOrDefault()
                ?? throw new NotSupportedException(
                    "ILGPU finds no NVIDIA GPU here: check that the driver is installed, or use IlgpuDevice.Best or IlgpuDevice.Cpu.");
            return new IlgpuBackend(context, found.CreateAccelerator(context));
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Tensor Allocate(DType type, TensorShape shape) =>
        new(Buffer(BlockFormat.Of(type).ByteCount(shape.ElementCount)), 0, type, shape);

    /// <inheritdoc/>
    /// <remarks>The result is F32: quantised and 16-bit weights take up to eight times their size on the device.</remarks>
    public Tensor ImportWeight(in Tensor host)
    {
        ShapeGuard.Require(!host.IsEmpty && host.Type != DType.I32, $"{host} is no weight.");
        Tensor device = Allocate(DType.F32, host.Shape);
        WeightImport.Run(host, device);
        return device;
    }

    /// <inheritdoc/>
    public KVCacheStorage AllocateKVCache(KVCacheShape shape)
    {
        Check(shape);
        return new IlgpuKVCache(shape, Buffer);
    }

    /// <inheritdoc/>
    public long KVCacheByteCount(KVCacheShape shape)
    {
        Check(shape);
        return IlgpuKVCache.ByteCountOf(shape);
    }

    private static void Check(KVCacheShape shape)
    {
        OperationShapes.KVCache(shape);
        if (shape.Type == DType.Q8_0)
        {
            throw new ConfigurationException(["UseKVCacheType(Q8_0): this backend keeps keys and values as BFloat16 or Float32 only; use one of them."]);
        }
    }

    /// <inheritdoc/>
    public AttentionPlan CreatePlan() => new IlgpuPlan(_accelerator);

    /// <inheritdoc/>
    public void Plan(AttentionPlan plan, AttentionBatch batch)
    {
        Bind();
        Own(plan).Fill(batch);
    }

    /// <inheritdoc/>
    public unsafe void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged
    {
        ShapeGuard.SameLength((long)source.Length * sizeof(T), destination.ByteCount, "bytes to upload");
        Bind();
        DeviceCopy.FromHost(source, IlgpuBuffer.View<T>(destination));
    }

    /// <inheritdoc/>
    public unsafe void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged
    {
        ShapeGuard.SameLength((long)destination.Length * sizeof(T), source.ByteCount, "bytes to download");
        Bind();
        DeviceCopy.ToHost(IlgpuBuffer.View<T>(source), destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    private static IlgpuPlan Own(AttentionPlan plan) =>
        plan as IlgpuPlan ?? throw new ArgumentException("The plan was not made by this backend.", nameof(plan));

    private static IlgpuKVCache Own(KVCacheStorage cache) =>
        cache as IlgpuKVCache ?? throw new ArgumentException("The cache was not allocated by this backend.", nameof(cache));

    private static int Threads(long count) => count <= int.MaxValue
        ? (int)count
        : throw new ArgumentException($"{count} elements in one operation; at most {int.MaxValue} are computed together.");

    private IlgpuBuffer Buffer(long byteCount)
    {
        Bind();
        return new IlgpuBuffer(_accelerator, byteCount);
    }

    /// <summary>A GPU's context belongs to a thread: the session is built on one and computes on another.</summary>
    private void Bind()
    {
        if (_boundThread != Environment.CurrentManagedThreadId)
        {
            _accelerator.Bind();
            _boundThread = Environment.CurrentManagedThreadId;
        }
    }

    private void CheckRows(in Tensor rows, long limit)
    {
        int[] numbers = new int[checked((int)rows.Shape.ElementCount)];
        Download<int>(rows, numbers);
        foreach (int number in numbers)
        {
            ShapeGuard.Require(number >= 0 && number < limit, $"Row {number} does not exist; there are {limit}.");
        }
    }
}
