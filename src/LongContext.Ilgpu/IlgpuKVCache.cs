using ILGPU;
using LongContext.Backends;
using LongContext.Ilgpu.Kernels;
using LongContext.Tensors;

namespace LongContext.Ilgpu;

/// <summary>Pages as [slot][kvHead][headDim], one buffer for the keys and one for the values of a layer.</summary>
internal sealed class IlgpuKVCache : KVCacheStorage
{
    private readonly IlgpuBuffer[] _keys;
    private readonly IlgpuBuffer[] _values;

    internal IlgpuKVCache(KVCacheShape shape, Func<long, IlgpuBuffer> allocate)
        : base(shape)
    {
        _keys = new IlgpuBuffer[shape.Layers];
        _values = new IlgpuBuffer[shape.Layers];
        try
        {
            long bytes = LayerBytes(shape);
            for (int layer = 0; layer < shape.Layers; layer++)
            {
                _keys[layer] = allocate(bytes);
                _values[layer] = allocate(bytes);
            }
        }
        catch
        {
            Dispose(disposing: true);
            throw;
        }
    }

    /// <inheritdoc/>
    public override long ByteCount => ByteCountOf(Shape);

    internal static long ByteCountOf(KVCacheShape shape) => checked(2L * shape.Layers * LayerBytes(shape));

    internal CachedVectors Keys(int layer) => Vectors(_keys[layer]);

    internal CachedVectors Values(int layer) => Vectors(_values[layer]);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (IlgpuBuffer? buffer in _keys.Concat(_values))
            {
                buffer?.Dispose();
            }
        }
    }

    private static long LayerBytes(KVCacheShape shape) =>
        BlockFormat.Of(shape.Type).ByteCount(checked((long)shape.Pages * shape.PageSize * shape.KVHeads * shape.HeadDim));

    private CachedVectors Vectors(IlgpuBuffer buffer)
    {
        Tensor tensor = new(buffer, 0, Shape.Type, new TensorShape((long)Shape.Pages * Shape.PageSize, (long)Shape.KVHeads * Shape.HeadDim));
        return Shape.Type == DType.F32
            ? new CachedVectors { F32 = IlgpuBuffer.View<float>(tensor), BF16 = ArrayView<ushort>.Empty }
            : new CachedVectors { F32 = ArrayView<float>.Empty, BF16 = IlgpuBuffer.View<ushort>(tensor) };
    }
}
