namespace LongContext;

/// <summary>How tokens are decoded when a sequence's keys and values are spread over ranks. Keys and values never move; queries do.</summary>
public sealed record ShardedDecodeOptions
{
    /// <summary>The defaults.</summary>
    public static ShardedDecodeOptions Default { get; } = new();

    /// <summary>How the ranks' parts come together. Default <see cref="DecodeMerge.Star"/>.</summary>
    public DecodeMerge Merge { get; init; }

    /// <summary>Who keeps new tokens' keys and values. Default <see cref="DecodePlacement.Balanced"/>.</summary>
    public DecodePlacement Placement { get; init; }
}
