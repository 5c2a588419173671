namespace LongContext.Attention.SequenceParallel;

/// <summary>Rows of a prompt that one pass over the model computes.</summary>
/// <param name="Kind">What they are.</param>
/// <param name="Start">Their first position: in the anchor, or in the sequence.</param>
/// <param name="Count">Rows.</param>
/// <param name="Block">The block they are of.</param>
internal readonly record struct Piece(PieceKind Kind, int Start, int Count, int Block = 0)
{
    /// <summary>Position after the last row.</summary>
    internal int End => Start + Count;

    /// <summary>Cuts what a step computes of a prompt. Each piece needs those before it, so each is a pass of its own.</summary>
    /// <param name="geometry">How the prompt is read.</param>
    /// <param name="start">First position.</param>
    /// <param name="end">Position after the last.</param>
    /// <param name="anchorRows">Most rows of an anchor's piece.</param>
    /// <param name="pieces">Emptied and filled; the anchor comes before the context's first token.</param>
    internal static void Cut(PrefillGeometry geometry, int start, int end, int anchorRows, List<Piece> pieces)
    {
        pieces.Clear();
        if (start == 0 && !geometry.Anchor.IsContext)
        {
            for (int row = 0; row < geometry.Anchor.Length; row += anchorRows)
            {
                pieces.Add(new Piece(PieceKind.Anchor, row, Math.Min(anchorRows, geometry.Anchor.Length - row)));
            }
        }

        int contextEnd = Math.Min(end, geometry.Blocks.ContextLength);
        while (start < contextEnd)
        {
            int block = geometry.Blocks.BlockOf(start);
            int count = Math.Min(geometry.Blocks.End(block), contextEnd) - start;
            pieces.Add(new Piece(PieceKind.Block, start, count, block));
            start += count;
        }

        if (start < end)
        {
            pieces.Add(new Piece(PieceKind.Rest, start, end - start));
        }
    }
}
