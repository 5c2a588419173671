using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>A backend that passes everything on, for tests that add something to an operation.</summary>
internal abstract class PassingBackend(IBackend inner) : IBackend
{
    public BackendInfo Info => inner.Info;

    public virtual Tensor Allocate(DType type, TensorShape shape) => inner.Allocate(type, shape);

    public Tensor ImportWeight(in Tensor host) => inner.ImportWeight(host);

    public virtual KVCacheStorage AllocateKVCache(KVCacheShape shape) => inner.AllocateKVCache(shape);

    public long KVCacheByteCount(KVCacheShape shape) => inner.KVCacheByteCount(shape);

    public AttentionPlan CreatePlan() => inner.CreatePlan();

    public void Plan(AttentionPlan plan, AttentionBatch batch) => inner.Plan(plan, batch);

    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged => inner.Upload(source, destination);

    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged => inner.Download(source, destination);

    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output) => inner.Embedding(table, ids, scale, output);

    public virtual void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output) => inner.Linear(input, weight, bias, output);

    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output) => inner.RmsNorm(input, weight, epsilon, output);

    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout) => inner.Rotary(x, cos, sin, layout);

    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output) =>
        inner.GatedActivation(gate, up, activation, output);

    public void Add(in Tensor x, in Tensor y, in Tensor output) => inner.Add(x, y, output);

    public void SoftCap(in Tensor x, float cap) => inner.SoftCap(x, cap);

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output) => inner.GatherRows(x, rows, output);

    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan) => inner.AppendKV(k, v, cache, layer, plan);

    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v) => inner.GatherKV(cache, layer, slots, k, v);

    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse) =>
        inner.Attention(q, cache, layer, plan, parameters, output, lse);

    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse) => inner.MergeStates(output, lse, other, otherLse);

    public void Dispose() => inner.Dispose();
}
