using System.Runtime.InteropServices;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Tensors;

namespace LongContext.Backends.Cpu;

/// <summary>The pages of the CPU backend: one block a (layer, page, head), see <see cref="KVPages"/>.</summary>
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
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)ByteCount, Alignment);
    }

    ~CpuKVCacheStorage() => Dispose(disposing: false);

    /// <inheritdoc/>
    public override long ByteCount { get; }

    /// <summary>How a page's elements lie.</summary>
    internal KVPageLayout Layout { get; }

    /// <summary>Floats or bfloat16s of a value row: whole vectors of any width.</summary>
    internal int PaddedHeadDim => Padded(Shape.HeadDim);

    internal static long ByteCountOf(KVCacheShape shape) =>
        checked(BlockBytes(shape) * shape.KVHeads * shape.Pages * shape.Layers);

    internal static int Padded(int headDim) => (headDim + 15) / 16 * 16;

    /// <summary>Addresses in one layer.</summary>
    internal KVPages Layer(int layer)
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        long block = BlockBytes(Shape);
        return new KVPages(_memory + (block * Shape.KVHeads * Shape.Pages * layer), block, KeyBytes(Shape), ValueBytes(Shape), Shape.KVHeads);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private static int ElementBytes(KVCacheShape shape) => shape.Type switch { DType.F32 => sizeof(float), DType.BF16 => sizeof(ushort), _ => sizeof(byte) };

    private static long KeyBytes(KVCacheShape shape)
    {
        int features = shape.Type == DType.Q8_0 ? HeadCodes.Padded(shape.HeadDim) : shape.HeadDim;
        return checked((long)features * shape.PageSize * ElementBytes(shape));
    }

    private static long ValueBytes(KVCacheShape shape) => checked((long)Padded(shape.HeadDim) * shape.PageSize * ElementBytes(shape));

    private static long BlockBytes(KVCacheShape shape)
    {
        long scales = shape.Type == DType.Q8_0 ? (long)HeadCodes.ScalesPerToken * sizeof(float) * shape.PageSize : 0;
        long bytes = checked(KeyBytes(shape) + ValueBytes(shape) + scales);
        return checked((bytes + Alignment - 1) / Alignment * Alignment);
    }
}
