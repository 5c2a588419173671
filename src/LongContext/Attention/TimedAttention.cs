using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>Another method on one rank, with a record of its time and of the time between its calls.</summary>
internal sealed class TimedAttention(IAttentionMethod method, StepTimeline timeline) : IAttentionMethod, IDisposable
{
    private uint _step;
    private long _left;

    /// <summary>The method itself where nothing is recorded.</summary>
    internal static IAttentionMethod Around(IAttentionMethod method, StepTimeline? timeline) =>
        timeline is null ? method : new TimedAttention(method, timeline);

    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows)
    {
        _step++;
        bool more = method.LayOut(chunks, pass, rows);
        _left = StepTimeline.Now;
        return more;
    }

    /// <inheritdoc/>
    public void AddItems(Backends.AttentionBatch batch) => method.AddItems(batch);

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output)
    {
        bool recorded = _step > 0; // a session's warm-up is not
        if (recorded)
        {
            timeline.Add("projections and feed-forward", TimelineKind.Compute, _step, context.Layer, _left);
        }

        long started = StepTimeline.Now;
        method.Forward(context, q, k, v, output);
        if (recorded)
        {
            timeline.Add("attention", TimelineKind.Compute, _step, context.Layer, started);
        }

        _left = StepTimeline.Now;
    }

    /// <inheritdoc/>
    public void Dispose() => (method as IDisposable)?.Dispose();
}
