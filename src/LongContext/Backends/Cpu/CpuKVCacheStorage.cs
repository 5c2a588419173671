using System.Runtime.InteropServices;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu;

/// <summary>The pages of the CPU backend, layer after layer, see <see cref="KVPages"/>.</summary>
/// <remarks>
/// Never cleared: the system gives memory to a page when its first token is written, and kernels read no slot that was not written,
/// except beside a page's last token, where the result is discarded.
/// </remarks>
internal sealed unsafe class CpuKVCacheStorage : KVCacheStorage
{
    private const int Alignment = 64; // one cache line, one 512-bit vector

    private byte* _memory;

    internal CpuKVCacheStorage(KVCacheShape shape, KVPageLayout layout)
        : base(shape)
    {
        Layout = layout;
        ByteCount = ByteCountOf(shape);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)ByteCount, Prefetch.SystemPage); // what fills one of those, as 64 keys of 64 bytes do, lies in one
    }

    ~CpuKVCacheStorage() => Dispose(disposing: false);

    /// <inheritdoc/>
    public override long ByteCount { get; }

    /// <summary>How a page's elements lie.</summary>
    internal KVPageLayout Layout { get; }

    /// <summary>Floats or bfloat16s of a value row: whole vectors of any width.</summary>
    internal int PaddedHeadDim => Padded(Shape.HeadDim);

    internal static long ByteCountOf(KVCacheShape shape) =>
        checked(LayerBytes(shape) * shape.Layers);

    internal static int Padded(int headDim) => (headDim + 15) / 16 * 16;

    /// <summary>Addresses in one layer.</summary>
    internal KVPages Layer(int layer)
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        byte* memory = _memory + (LayerBytes(Shape) * layer);
        return new KVPages(memory, Shape.KVHeads, Shape.Pages, KeyBytes(Shape), ValueBytes(Shape), ScaleBytes(Shape));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private static long LayerBytes(KVCacheShape shape) =>
        checked((KeyBytes(shape) + ValueBytes(shape) + ScaleBytes(shape)) * shape.KVHeads * shape.Pages);

    private static int ElementBytes(KVCacheShape shape) => shape.Type switch { DType.F32 => sizeof(float), DType.BF16 => sizeof(ushort), _ => sizeof(byte) };

    private static long KeyBytes(KVCacheShape shape)
    {
        int features = shape.Type == DType.Q8_0 ? HeadCodes.Padded(shape.HeadDim) : shape.HeadDim;
        return Aligned(checked((long)features * shape.PageSize * ElementBytes(shape)));
    }

    private static long ValueBytes(KVCacheShape shape) => Aligned(checked((long)Padded(shape.HeadDim) * shape.PageSize * ElementBytes(shape)));

    private static long ScaleBytes(KVCacheShape shape) =>
        shape.Type == DType.Q8_0 ? Aligned((long)HeadCodes.ScalesPerToken * sizeof(float) * shape.PageSize) : 0;

    private static long Aligned(long bytes) => checked((bytes + Alignment - 1) / Alignment * Alignment);
}
