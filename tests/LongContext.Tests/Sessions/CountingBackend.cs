using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;

namespace LongContext.Tests.Sessions;

/// <summary>A backend that has no memory for a KV cache and counts its disposals.</summary>
internal sealed class CountingBackend : IBackend
{
    private readonly ReferenceBackend _inner = new();

    internal int Disposals { get; private set; }

    public BackendInfo Info => _inner.Info;

    public Tensor Allocate(DType type, TensorShape shape) => _inner.Allocate(type, shape);

    public Tensor ImportWeight(in Tensor host) => _inner.ImportWeight(host);

    public KVCacheStorage AllocateKVCache(KVCacheShape shape) => throw new NotSupportedException();

    public long KVCacheByteCount(KVCacheShape shape) => _inner.KVCacheByteCount(shape);

    public AttentionPlan CreatePlan() => _inner.CreatePlan();

    public void Plan(AttentionPlan plan, AttentionBatch batch) => throw new NotSupportedException();

    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged => throw new NotSupportedException();

    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged => throw new NotSupportedException();

    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output) => throw new NotSupportedException();

    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output) => throw new NotSupportedException();

    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output) => throw new NotSupportedException();

    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout) => throw new NotSupportedException();

    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output) => throw new NotSupportedException();

    public void Add(in Tensor x, in Tensor y, in Tensor output) => throw new NotSupportedException();

    public void SoftCap(in Tensor x, float cap) => throw new NotSupportedException();

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output) => throw new NotSupportedException();

    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan) => throw new NotSupportedException();

    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v) => throw new NotSupportedException();

    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse) =>
        throw new NotSupportedException();

    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse) => throw new NotSupportedException();

    public void Dispose()
    {
        Disposals++;
        _inner.Dispose();
    }
}
