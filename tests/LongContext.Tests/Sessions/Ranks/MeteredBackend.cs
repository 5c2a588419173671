using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>A backend that counts the bytes of all that was ever allocated.</summary>
internal sealed class MeteredBackend : IBackend
{
    private readonly CpuBackend _inner = new(threads: 1);

    /// <summary>Bytes of keys and values.</summary>
    internal long CacheBytes { get; private set; }

    /// <summary>Bytes of all other tensors but weights.</summary>
    internal long TensorBytes { get; private set; }

    public BackendInfo Info => _inner.Info;

    public Tensor Allocate(DType type, TensorShape shape)
    {
        TensorBytes += shape.ElementCount * sizeof(float);
        return _inner.Allocate(type, shape);
    }

    public Tensor ImportWeight(in Tensor host) => _inner.ImportWeight(host);

    public KVCacheStorage AllocateKVCache(KVCacheShape shape)
    {
        CacheBytes += _inner.KVCacheByteCount(shape);
        return _inner.AllocateKVCache(shape);
    }

    public long KVCacheByteCount(KVCacheShape shape) => _inner.KVCacheByteCount(shape);

    public AttentionPlan CreatePlan() => _inner.CreatePlan();

    public void Plan(AttentionPlan plan, AttentionBatch batch) => _inner.Plan(plan, batch);

    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged => _inner.Upload(source, destination);

    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged => _inner.Download(source, destination);

    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output) => _inner.Embedding(table, ids, scale, output);

    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output) => _inner.Linear(input, weight, bias, output);

    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output) => _inner.RmsNorm(input, weight, epsilon, output);

    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout) => _inner.Rotary(x, cos, sin, layout);

    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output) =>
        _inner.GatedActivation(gate, up, activation, output);

    public void Add(in Tensor x, in Tensor y, in Tensor output) => _inner.Add(x, y, output);

    public void SoftCap(in Tensor x, float cap) => _inner.SoftCap(x, cap);

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output) => _inner.GatherRows(x, rows, output);

    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan) => _inner.AppendKV(k, v, cache, layer, plan);

    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v) => _inner.GatherKV(cache, layer, slots, k, v);

    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse) =>
        _inner.Attention(q, cache, layer, plan, parameters, output, lse);

    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse) => _inner.MergeStates(output, lse, other, otherLse);

    public void Dispose() => _inner.Dispose();
}
