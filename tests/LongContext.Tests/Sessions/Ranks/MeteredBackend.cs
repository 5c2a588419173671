using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>A backend that counts the bytes of all that was ever allocated.</summary>
internal sealed class MeteredBackend() : PassingBackend(new CpuBackend(threads: 1))
{
    /// <summary>Bytes of keys and values.</summary>
    internal long CacheBytes { get; private set; }

    /// <summary>Bytes of all other tensors but weights.</summary>
    internal long TensorBytes { get; private set; }

    public override Tensor Allocate(DType type, TensorShape shape)
    {
        TensorBytes += shape.ElementCount * sizeof(float);
        return base.Allocate(type, shape);
    }

    public override KVCacheStorage AllocateKVCache(KVCacheShape shape)
    {
        CacheBytes += KVCacheByteCount(shape);
        return base.AllocateKVCache(shape);
    }
}
