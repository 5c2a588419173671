namespace LongContext.Attention.SequenceParallel;

/// <summary>Which prompts are read approximately, and how: a function of their lengths, the options and the model's sizes alone.</summary>
/// <param name="method">Star or APB.</param>
/// <param name="options">Validated.</param>
/// <param name="model">The model's sizes.</param>
/// <param name="pageSize">Slots of a page.</param>
/// <param name="ranks">Ranks that read side by side; 1: one machine.</param>
internal sealed class ApproximateReading(
    AttentionMethod method, ApproximateAttentionOptions options, AttentionModel model, int pageSize, int ranks = 1)
{
    /// <summary>What prompts are read with over ranks that are not read in blocks.</summary>
    internal const AttentionMethod ExactOverRanks = AttentionMethod.RingZigzag;

    private const double WorthIt = 0.9; // of exact attention's operations: less is not worth an approximation

    /// <summary>Whether query and answer see the anchor's keys. There is memory for one anchor, so for one request.</summary>
    internal bool KeepsAnchor => options.AnchorKV == AnchorKV.KeptForQuery;

    /// <summary>Whether the query's rows miss keys as they do in the released code.</summary>
    internal bool HasReleasedQueryMask => options.QueryMask == QueryMask.Released;

    /// <summary>How a prompt is read; null: with full attention, because it is short or nothing would be gained.</summary>
    internal PrefillGeometry? For(int contextLength, int promptLength)
    {
        contextLength = PrefillGeometry.ContextOf(options, contextLength, promptLength);
        if (contextLength < 1 || contextLength < options.MinimumLength)
        {
            return null;
        }

        PrefillGeometry geometry = PrefillGeometry.For(method, options, contextLength, promptLength, pageSize);
        bool pays = options.MinimumLength is not null
            || MostFlops(geometry) <= WorthIt * PrefillWork.Full(contextLength).Flops(model) / ranks;
        return geometry.Blocks.Count > 1 && pays ? geometry : null;
    }

    /// <summary>The method that a prompt's context is read with.</summary>
    internal AttentionMethod MethodFor(int contextLength, int promptLength) =>
        For(contextLength, promptLength) is not null ? method : ranks > 1 ? ExactOverRanks : AttentionMethod.Full;

    /// <summary>Operations of the rank that has most to do.</summary>
    private double MostFlops(PrefillGeometry geometry)
    {
        if (ranks == 1)
        {
            return PrefillWork.OneMachine(geometry).Flops(model);
        }

        BlockPlacement placement = new(ranks);
        double most = 0;
        for (int rank = 0; rank < ranks; rank++)
        {
            most = Math.Max(most, PrefillWork.OfRank(geometry, placement, rank).Flops(model));
        }

        return most;
    }
}
