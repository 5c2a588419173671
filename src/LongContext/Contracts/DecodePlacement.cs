namespace LongContext;

/// <summary>Which rank keeps the keys and values of new tokens.</summary>
public enum DecodePlacement
{
    /// <summary>The rank that has the fewest tokens of the sequence, 16 tokens at a time; the default.</summary>
    Balanced,

    /// <summary>The last rank, as the papers have it; it needs memory for every generated token.</summary>
    LastRank,
}
