namespace LongContext;

/// <summary>What every block but the first sees before its own tokens.</summary>
public enum AnchorLayout
{
    /// <summary>The query, then the context's first tokens (the paper's anchor).</summary>
    QueryFirst,

    /// <summary>
    /// The context's first 16 tokens, the query, then more of the context, <see cref="ApproximateAttentionOptions.AnchorLength"/> in all
    /// (the anchor of the released code). As there, as many first tokens of the context are never passed on.
    /// </summary>
    Released,

    /// <summary>The context's first tokens only (Star's anchor).</summary>
    ContextOnly,
}
