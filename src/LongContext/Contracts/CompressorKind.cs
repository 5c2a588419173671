namespace LongContext;

/// <summary>How APB finds the keys of a block that later blocks will need.</summary>
public enum CompressorKind
{
    /// <summary>Trained retaining heads, from <see cref="ApproximateAttentionOptions.RetainingHeadsPath"/>.</summary>
    RetainingHeads,

    /// <summary>
    /// Keys least like the mean of their block's keys, before rotation (after KeyDiff); nothing is trained. Follows links that the query does not name.
    /// </summary>
    Distinct,

    /// <summary>Keys most like the query's own query vectors; nothing is trained (Spava). The query must be in the anchor.</summary>
    QueryAware,

    /// <summary>The last keys of each block.</summary>
    Recent,

    /// <summary>Random keys: to see what a compressor is worth.</summary>
    Random,

    /// <summary>Nothing is passed on.</summary>
    None,
}
