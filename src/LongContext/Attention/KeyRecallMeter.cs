using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>Measures, beside exact attention, how much of what it looks at among the keys of earlier blocks another reading selected.</summary>
/// <remarks>
/// A key of weight p counts p²: rows that look at everything a little hardly count, one that looks at one key does. Attention with doubled scores has
/// the squares in its softmax: with <c>lse</c> of a row over all keys and <c>lse₂</c> of its doubled scores over some, their squares' sum is
/// <c>exp(lse₂ − 2·lse)</c>. So two more attentions a layer, over all earlier keys and over the selected ones, and no kernel of its own.
/// Belongs to one sequence.
/// </remarks>
internal sealed class KeyRecallMeter(KeySelection selection) : IDisposable
{
    private readonly GrowingTensor _lse = new(), _part = new(), _output = new();
    private RecallSums? _sums;
    private RecallStep? _step;
    private float[] _all = [], _some = [];

    /// <summary>For each layer and KV head; empty if nothing was measured.</summary>
    internal IReadOnlyList<KeyRecall> Result => _sums?.ToRecalls() ?? [];

    /// <summary>Room for the states' logarithms that exact attention leaves for <see cref="Add"/>.</summary>
    internal Tensor Lse(IBackend backend, long rows, long qHeads) => _lse.Of(backend, new TensorShape(rows, qHeads));

    /// <summary>Takes in rows after their attention was computed.</summary>
    /// <param name="context">The layer; the rows' keys are in the cache.</param>
    /// <param name="chunk">The rows.</param>
    /// <param name="q">[rows, qHeads, headDim], turned.</param>
    /// <param name="lse">[rows, qHeads], over all keys that each row sees.</param>
    internal void Add(in AttentionContext context, in StepChunk chunk, in Tensor q, in Tensor lse)
    {
        if (selection.Geometry is null)
        {
            return;
        }

        KVCacheShape shape = context.Cache.Shape;
        if (_sums is null || (chunk.Start == 0 && context.Layer == 0))
        {
            _sums = new RecallSums(shape.Layers, shape.KVHeads); // a prompt that lost its pages starts over
        }

        _step ??= new RecallStep(context.Backend, selection);
        if (context.Layer == 0)
        {
            _step.Plan(chunk, shape);
        }

        int first = _step.FirstRow;
        if (first == chunk.Count)
        {
            return;
        }

        int qHeads = (int)q.Shape[1];
        _all = Download(context.Backend, lse.Slice(first, chunk.Count - first), _all);
        Attend(context, _step.Earlier, q.Slice(first, chunk.Count - first), context.Cache, context.Layer);
        _sums.Add(context.Layer, chunk.Start + first, _step.ContextLength, _all, _some, qHeads, (chunk.Count - first) * qHeads, RecallPart.Earlier);
        int selected = _step.FirstSelectedRow;
        if (selected == chunk.Count)
        {
            return;
        }

        _step.Load(context, chunk);
        Attend(context, _step.Selected, q.Slice(selected, chunk.Count - selected), _step.Cache, 0);
        _sums.Add(
            context.Layer, chunk.Start + selected, _step.ContextLength, _all.AsSpan((selected - first) * qHeads), _some, qHeads,
            (chunk.Count - selected) * qHeads, RecallPart.Selected);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_lse, _part, _output, _step])
        {
            part?.Dispose();
        }
    }

    /// <summary>The logarithms of the plan's softmax denominators with doubled scores, into <see cref="_some"/>.</summary>
    private void Attend(in AttentionContext context, AttentionPlan plan, in Tensor q, KVCacheStorage cache, int layer)
    {
        Tensor lse = _part.Of(context.Backend, new TensorShape(q.Shape[0], q.Shape[1]));
        AttentionParameters doubled = context.Parameters with { Scale = 2 * context.Parameters.Scale, SoftCap = 2 * context.Parameters.SoftCap };
        context.Backend.Attention(q, cache, layer, plan, doubled, _output.Of(context.Backend, q.Shape), lse);
        _some = Download(context.Backend, lse, _some);
    }

    private static float[] Download(IBackend backend, in Tensor tensor, float[] to)
    {
        int count = checked((int)tensor.Shape.ElementCount);
        to = to.Length < count ? new float[count] : to;
        backend.Download(tensor, to.AsSpan(0, count));
        return to;
    }
}
