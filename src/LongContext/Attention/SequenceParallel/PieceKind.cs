namespace LongContext.Attention.SequenceParallel;

/// <summary>What the rows of a piece are.</summary>
internal enum PieceKind
{
    /// <summary>Rows of the anchor; they have no place in the sequence.</summary>
    Anchor,

    /// <summary>Rows of one block of the context.</summary>
    Block,

    /// <summary>Rows after the context, which see everything.</summary>
    Rest,
}
