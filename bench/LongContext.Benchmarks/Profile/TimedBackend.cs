using System.Diagnostics;
using System.Runtime.CompilerServices;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Benchmarks.Profile;

/// <summary>A backend that passes everything on and times it: an operation's cost by its name, shape and row count.</summary>
/// <remarks>For backends whose operations end when the call does. Two readings of the clocks cost about a microsecond.</remarks>
internal sealed class TimedBackend(IBackend inner) : IBackend
{
    private readonly Dictionary<AttentionPlan, (double Pairs, double Keys, int Rows)> _plans = [];

    /// <summary>Costs by operation and whether it ran on a single row (decode) or on many (prefill).</summary>
    internal Dictionary<(string Operation, bool SingleRow), OperationCost> Costs { get; } = [];

    /// <inheritdoc/>
    public BackendInfo Info => inner.Info;

    /// <inheritdoc/>
    public Tensor Allocate(DType type, TensorShape shape) => inner.Allocate(type, shape);

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
        double pairs = 0, keys = 0;
        foreach (AttentionItem item in batch.Items)
        {
            for (int row = 0; row < item.QueryCount; row++)
            {
                // A causal row sees keys up to its own; windows are not taken off.
                pairs += item.Mask == AttentionMask.Causal
                    ? Math.Clamp(item.FirstRowKey + row + 1 - item.KeyStart, 0, item.KeyCount)
                    : item.KeyCount;
            }

            keys += item.KeyCount;
        }

        _plans[plan] = (pairs, keys, batch.TokenCount);
        Moment start = Moment.Now;
        inner.Plan(plan, batch);
        Note("plan", batch.TokenCount, start, 0, 0);
    }

    /// <inheritdoc/>
    public void Upload<T>(ReadOnlySpan<T> source, in Tensor destination)
        where T : unmanaged => inner.Upload(source, destination);

    /// <inheritdoc/>
    public void Download<T>(in Tensor source, Span<T> destination)
        where T : unmanaged => inner.Download(source, destination);

    /// <inheritdoc/>
    public void Embedding(in Tensor table, in Tensor ids, float scale, in Tensor output)
    {
        Moment start = Moment.Now;
        inner.Embedding(table, ids, scale, output);
        Note("embedding", output.Shape[0], start, 0, output.ByteCount);
    }

    /// <inheritdoc/>
    public void Linear(in Tensor input, in Tensor weight, in Tensor bias, in Tensor output)
    {
        Moment start = Moment.Now;
        inner.Linear(input, weight, bias, output);
        long columns = weight.Shape[1], rows = weight.Shape[0];
        Note($"linear {columns} to {rows} {weight.Type}", input.Shape[0], start, 2.0 * input.Shape[0] * columns * rows, weight.ByteCount);
    }

    /// <inheritdoc/>
    public void RmsNorm(in Tensor input, in Tensor weight, float epsilon, in Tensor output)
    {
        Moment start = Moment.Now;
        inner.RmsNorm(input, weight, epsilon, output);
        Note("rms norm", input.Shape[0], start, 0, input.ByteCount);
    }

    /// <inheritdoc/>
    public void Rotary(in Tensor x, in Tensor cos, in Tensor sin, RotaryLayout layout)
    {
        Moment start = Moment.Now;
        inner.Rotary(x, cos, sin, layout);
        Note("rotary", x.Shape[0], start, 0, x.ByteCount);
    }

    /// <inheritdoc/>
    public void GatedActivation(in Tensor gate, in Tensor up, Activation activation, in Tensor output)
    {
        Moment start = Moment.Now;
        inner.GatedActivation(gate, up, activation, output);
        Note("gated activation", gate.Shape[0], start, 0, gate.ByteCount + up.ByteCount);
    }

    /// <inheritdoc/>
    public void Add(in Tensor x, in Tensor y, in Tensor output)
    {
        Moment start = Moment.Now;
        inner.Add(x, y, output);
        Note("add", x.Shape[0], start, 0, x.ByteCount + y.ByteCount);
    }

    /// <inheritdoc/>
    public void SoftCap(in Tensor x, float cap)
    {
        Moment start = Moment.Now;
        inner.SoftCap(x, cap);
        Note("soft cap", x.Shape[0], start, 0, x.ByteCount);
    }

    /// <inheritdoc/>
    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        Moment start = Moment.Now;
        inner.GatherRows(x, rows, output);
        Note("gather rows", output.Shape[0], start, 0, output.ByteCount);
    }

    /// <inheritdoc/>
    public void AppendKV(in Tensor k, in Tensor v, KVCacheStorage cache, int layer, AttentionPlan plan)
    {
        Moment start = Moment.Now;
        inner.AppendKV(k, v, cache, layer, plan);
        Note("append KV", k.Shape[0], start, 0, k.ByteCount + v.ByteCount);
    }

    /// <inheritdoc/>
    public void GatherKV(KVCacheStorage cache, int layer, in Tensor slots, in Tensor k, in Tensor v)
    {
        Moment start = Moment.Now;
        inner.GatherKV(cache, layer, slots, k, v);
        Note("gather KV", k.Shape[0], start, 0, k.ByteCount + v.ByteCount);
    }

    /// <inheritdoc/>
    public void Attention(
        in Tensor q, KVCacheStorage cache, int layer, AttentionPlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        Moment start = Moment.Now;
        inner.Attention(q, cache, layer, plan, parameters, output, lse);
        (double pairs, double keys, int rows) = _plans[plan];
        double elementBytes = BlockFormat.Of(cache.Shape.Type).ByteCount(1);
        Note(
            "attention", rows, start,
            4 * pairs * q.Shape[1] * cache.Shape.HeadDim, // two products of two operations each
            2 * keys * cache.Shape.KVHeads * cache.Shape.HeadDim * elementBytes);
    }

    /// <inheritdoc/>
    public void MergeStates(in Tensor output, in Tensor lse, in Tensor other, in Tensor otherLse)
    {
        Moment start = Moment.Now;
        inner.MergeStates(output, lse, other, otherLse);
        Note("merge states", output.Shape[0], start, 0, output.ByteCount + other.ByteCount);
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Note(string operation, long rows, Moment start, double flops, double bytes)
    {
        Moment end = Moment.Now;
        if (!Costs.TryGetValue((operation, rows == 1), out OperationCost? cost))
        {
            Costs[(operation, rows == 1)] = cost = new OperationCost();
        }

        cost.Calls++;
        cost.Elapsed += Stopwatch.GetElapsedTime(start.Clock, end.Clock);
        cost.Cpu += end.Cpu - start.Cpu;
        cost.Flops += flops;
        cost.Bytes += bytes;
    }

    private readonly record struct Moment(long Clock, TimeSpan Cpu)
    {
        internal static Moment Now => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
    }
}
