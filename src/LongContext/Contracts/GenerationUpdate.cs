namespace LongContext;

/// <summary>One piece of a streamed generation.</summary>
/// <remarks>Text comes in whole characters: a token that ends inside one waits for the next. The last update has a finish reason.</remarks>
public sealed record GenerationUpdate
{
    /// <summary>New text; may be empty.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens generated since the last update; those of a stop sequence included.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>For each of <see cref="TokenIds"/>: the chosen token first, then the likeliest ones; empty unless asked for.</summary>
    public IReadOnlyList<IReadOnlyList<TokenLogProbability>> LogProbabilities { get; init; } = [];

    /// <summary>Why the generation ended; null until the last update.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>What it cost; null until the last update.</summary>
    public TokenUsage? Usage { get; init; }
}
