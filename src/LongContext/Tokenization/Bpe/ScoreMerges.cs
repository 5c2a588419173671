namespace LongContext.Tokenization.Bpe;

/// <summary>SentencePiece's rule: two neighbours may merge if their text is a piece, the piece of the highest score first.</summary>
/// <param name="pieces">The pieces that merging may make; control and byte tokens are not among them.</param>
/// <param name="ranks">By id: 0 for the highest score; equal scores have equal ranks.</param>
/// <param name="maxLength">UTF-16 units of the longest piece.</param>
internal sealed class ScoreMerges(Vocabulary pieces, int[] ranks, int maxLength) : IMergeRules
{
    /// <inheritdoc/>
    public int Find(int left, int right, ReadOnlySpan<char> joined, out int merged)
    {
        merged = joined.Length <= maxLength ? pieces.Find(joined) : -1;
        return merged < 0 ? -1 : ranks[merged];
    }
}
