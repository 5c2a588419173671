using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Tests.Models;

/// <summary>A device with memory of its own, as far as loading goes: weights are copied, and what is alive is counted. Computes nothing.</summary>
internal sealed class CopyingBackend(int failAt = int.MaxValue) : IBackend
{
    private readonly List<HostStorage> _copies = [];

    internal int Imports { get; private set; }

    internal int Alive
    {
        get
        {
            unsafe
            {
                return _copies.Count(s => s.Pointer != null);
            }
        }
    }

    internal long AllocatedBytes => _copies.Sum(s => s.ByteCount);

    public BackendInfo Info { get; } = new("copying", "none", 1);

    public Tensor Allocate(DType type, TensorShape shape)
    {
        HostStorage storage = HostStorage.Allocate(BlockFormat.Of(type).ByteCount(shape.ElementCount));
        _copies.Add(storage);
        return new Tensor(storage, 0, type, shape);
    }

    public Tensor ImportWeight(in Tensor host)
    {
        if (Imports++ == failAt)
        {
            throw new InsufficientMemoryException("the device is full");
        }

        return Allocate(host.Type, host.Shape);
    }

    public AttentionPlan CreatePlan() => new EmptyPlan();

    public void Dispose()
    {
    }

    public KVCacheStorage AllocateKVCache(KVCacheShape shape) => new EmptyCache(shape);

    public long KVCacheByteCount(KVCacheShape shape) => 0;

    public void Plan(AttentionPlan plan, AttentionBatch batch)
    {
    }

    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged
    {
    }

    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged
    {
    }

    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output)
    {
    }

    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
    }

    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output)
    {
    }

    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout)
    {
    }

    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output)
    {
    }

    public void Add(in Tensor x, in Tensor y, in Tensor output)
    {
    }

    public void SoftCap(in Tensor x, float cap)
    {
    }

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
    }

    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan)
    {
    }

    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v)
    {
    }

    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
    }

    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse)
    {
    }

    private sealed class EmptyPlan : AttentionPlan;

    private sealed class EmptyCache(KVCacheShape shape) : KVCacheStorage(shape)
    {
        public override long ByteCount => 0;

        protected override void Dispose(bool disposing)
        {
        }
    }
}
