namespace LongContext;

/// <summary>A finished generation.</summary>
/// <param name="Text">All text.</param>
/// <param name="TokenIds">All tokens generated.</param>
/// <param name="LogProbabilities">As in <see cref="GenerationUpdate.LogProbabilities"/>, for each token; empty unless asked for.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Usage">What it cost.</param>
public sealed record GenerationResult(
    string Text,
    IReadOnlyList<int> TokenIds,
    IReadOnlyList<IReadOnlyList<TokenLogProbability>> LogProbabilities,
    FinishReason FinishReason,
    TokenUsage Usage);
