namespace LongContext.Backends;

/// <summary>Which keys of an item's segment a query row sees.</summary>
public enum AttentionMask : byte
{
    /// <summary>Row r of the item sees keys up to FirstRowKey + r of the sequence.</summary>
    Causal,

    /// <summary>Every row sees every key of the segment.</summary>
    Full,
}
