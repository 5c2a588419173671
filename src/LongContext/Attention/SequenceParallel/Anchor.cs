namespace LongContext.Attention.SequenceParallel;

/// <summary>What all blocks but the first see before their own tokens: which tokens of the prompt, in which order, at positions 0, 1, 2, …</summary>
/// <param name="FirstTokens">Leading context tokens that stand before the query.</param>
/// <param name="QueryTokens">Tokens of the query, its last ones.</param>
/// <param name="Length">Tokens in all; whole pages. What is left after the query is context again.</param>
/// <param name="Unselectable">Leading context tokens that are never passed on, since later blocks see them here.</param>
internal readonly record struct Anchor(int FirstTokens, int QueryTokens, int Length, int Unselectable)
{
    private const int ReleasedFirstTokens = 16;

    /// <summary>Context tokens in it.</summary>
    internal int ContextTokens => Length - QueryTokens;

    /// <summary>Whether it is the beginning of the context itself, whose keys the first block computes anyway.</summary>
    internal bool IsContext => QueryTokens == 0;

    /// <summary>Chooses the tokens.</summary>
    /// <param name="layout">The order.</param>
    /// <param name="length">l_a.</param>
    /// <param name="queryTokens">Tokens of the query; more than <paramref name="length"/> count as that many.</param>
    /// <param name="blockLength">l_b; the anchor holds no context beyond the first block.</param>
    /// <param name="pageSize">Slots of a page.</param>
    internal static Anchor Lay(AnchorLayout layout, int length, int queryTokens, int blockLength, int pageSize)
    {
        int most = (int)Math.Min(RoundUp(length, pageSize), blockLength);
        int query = Math.Min(queryTokens, most);
        switch (layout)
        {
            case var _ when length == 0:
                return default;
            case AnchorLayout.ContextOnly:
                return new Anchor(0, 0, most, most);
            case AnchorLayout.Released:
                int first = Math.Min(ReleasedFirstTokens, most);
                return new Anchor(first, Math.Min(query, most - first), most, most);
            default:
                long total = RoundUp(query + (long)most, pageSize);
                total -= total - query > blockLength ? pageSize : 0;
                return new Anchor(0, query, (int)total, (int)total - query);
        }
    }

    /// <summary>The token ids.</summary>
    /// <param name="prompt">Context and query.</param>
    /// <param name="contextLength">Leading tokens that are the context.</param>
    /// <param name="start">First token of the anchor wanted.</param>
    /// <param name="anchor">To be filled.</param>
    internal void CopyTo(ReadOnlySpan<int> prompt, int contextLength, int start, Span<int> anchor)
    {
        ReadOnlySpan<int> query = prompt[contextLength..];
        query = query[(query.Length - QueryTokens)..];
        for (int i = 0; i < anchor.Length; i++)
        {
            int at = start + i;
            anchor[i] = at < FirstTokens ? prompt[at]
                : at < FirstTokens + QueryTokens ? query[at - FirstTokens]
                : prompt[at - QueryTokens];
        }
    }

    private static long RoundUp(long tokens, int pageSize) => (tokens + pageSize - 1) / pageSize * pageSize;
}
