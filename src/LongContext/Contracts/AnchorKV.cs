namespace LongContext;

/// <summary>What becomes of the anchor's keys and values when the context has been read.</summary>
public enum AnchorKV
{
    /// <summary>They are dropped: query and answer see the context's own (APB).</summary>
    Dropped,

    /// <summary>Query and answer see them too, beside all of the context's (Spava). One request at a time, on one rank.</summary>
    KeptForQuery,
}
