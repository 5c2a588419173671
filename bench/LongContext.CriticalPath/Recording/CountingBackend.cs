using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.CriticalPath.Recording;

/// <summary>A backend that passes everything on and counts floating-point operations, two a multiplication and addition.</summary>
/// <remarks>Counted are products of matrices, and of queries and keys, weights and values that a mask lets through; windows are not taken off.</remarks>
/// <param name="inner">Computes.</param>
/// <param name="shared">Tensors that this rank has together with others; null: none.</param>
internal sealed class CountingBackend(IBackend inner, SharedActivations? shared) : IBackend
{
    private readonly Dictionary<TensorShape, int> _allocated = [];
    private readonly Dictionary<AttentionPlan, double> _pairs = [];

    /// <summary>What was done until now.</summary>
    internal OperationCount Count { get; private set; }

    /// <inheritdoc/>
    public BackendInfo Info => inner.Info;

    /// <inheritdoc/>
    public Tensor Allocate(DType type, TensorShape shape)
    {
        if (type != DType.F32 || shared is null)
        {
            return inner.Allocate(type, shape);
        }

        int number = _allocated.GetValueOrDefault(shape);
        _allocated[shape] = number + 1;
        return shared.Find(shape, number, () => inner.Allocate(type, shape)) ?? inner.Allocate(type, shape);
    }

    /// <inheritdoc/>
    public Tensor ImportWeight(in Tensor host) => inner.ImportWeight(host);

    /// <inheritdoc/>
    public KVCacheStorage AllocateKVCache(KVCacheShape shape) => inner.AllocateKVCache(shape);

    /// <inheritdoc/>
    public long KVCacheByteCount(KVCacheShape shape) => inner.KVCacheByteCount(shape);

    /// <inheritdoc/>
    public AttentionPlan CreatePlan() => inner.CreatePlan();

    /// <inheritdoc/>
    public void Plan(AttentionPlan plan, AttentionBatch batch)
    {
        double pairs = 0;
        foreach (AttentionItem item in batch.Items)
        {
            for (int row = 0; row < item.QueryCount; row++)
            {
                pairs += item.Mask == AttentionMask.Causal ? Math.Clamp(item.FirstRowKey + row + 1 - item.KeyStart, 0, item.KeyCount) : item.KeyCount;
            }
        }

        _pairs[plan] = pairs;
        inner.Plan(plan, batch);
    }

    /// <inheritdoc/>
    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged => inner.Upload(source, destination);

    /// <inheritdoc/>
    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged => inner.Download(source, destination);

    /// <inheritdoc/>
    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output) => inner.Embedding(table, ids, scale, output);

    /// <inheritdoc/>
    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        Count = Count with { Matrix = Count.Matrix + (2.0 * input.Shape[0] * weight.Shape[0] * weight.Shape[1]) };
        inner.Linear(input, weight, bias, output);
    }

    /// <inheritdoc/>
    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output) => inner.RmsNorm(input, weight, epsilon, output);

    /// <inheritdoc/>
    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout) => inner.Rotary(x, cos, sin, layout);

    /// <inheritdoc/>
    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output) =>
        inner.GatedActivation(gate, up, activation, output);

    /// <inheritdoc/>
    public void Add(in Tensor x, in Tensor y, in Tensor output) => inner.Add(x, y, output);

    /// <inheritdoc/>
    public void SoftCap(in Tensor x, float cap) => inner.SoftCap(x, cap);

    /// <inheritdoc/>
    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output) => inner.GatherRows(x, rows, output);

    /// <inheritdoc/>
    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan) => inner.AppendKV(k, v, cache, layer, plan);

    /// <inheritdoc/>
    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v) => inner.GatherKV(cache, layer, slots, k, v);

    /// <inheritdoc/>
    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        Count = Count with { Attention = Count.Attention + (4 * _pairs[plan] * q.Shape[1] * cache.Shape.HeadDim) };
        inner.Attention(q, cache, layer, plan, parameters, output, lse);
    }

    /// <inheritdoc/>
    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse) => inner.MergeStates(output, lse, other, otherLse);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
