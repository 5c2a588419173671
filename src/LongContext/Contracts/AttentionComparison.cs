namespace LongContext;

/// <summary>How far one session's next-token distributions are from another's, along a continuation that the first one generated greedily.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="Continuation">The first session's greedy continuation.</param>
/// <param name="Divergences">Kullback-Leibler divergence, in nats, of the second distribution from the first before each token of the continuation.</param>
/// <param name="Agreements">Whether both have the same likeliest token there.</param>
/// <param name="TimeToFirstToken">The first session's.</param>
/// <param name="OtherTimeToFirstToken">The second's.</param>
public sealed record AttentionComparison(
    int PromptTokens, IReadOnlyList<int> Continuation, IReadOnlyList<double> Divergences, IReadOnlyList<bool> Agreements,
    TimeSpan TimeToFirstToken, TimeSpan OtherTimeToFirstToken)
{
    /// <summary>What the second session passed on of the keys that the first one looks at, for each layer and KV head.</summary>
    /// <remarks>Empty where the second session read the prompt exactly, and over ranks, where it is not measured.</remarks>
    public IReadOnlyList<KeyRecall> KeyRecalls { get; init; } = [];

    /// <summary>The mean of <see cref="KeyRecall.ReadingRecall"/> by <see cref="KeyRecall.ReadingFocus"/>; null without <see cref="KeyRecalls"/>.</summary>
    public double? ReadingRecall => Mean(r => r.ReadingFocus, r => r.ReadingRecall);

    /// <summary>The mean of <see cref="KeyRecall.AnsweringRecall"/> by <see cref="KeyRecall.AnsweringFocus"/>; null without <see cref="KeyRecalls"/>.</summary>
    public double? AnsweringRecall => Mean(r => r.AnsweringFocus, r => r.AnsweringRecall);

    /// <summary>The mean of <see cref="Divergences"/>, in nats.</summary>
    public double MeanDivergence => Divergences.Average();

    /// <summary>The greatest of <see cref="Divergences"/>, in nats.</summary>
    public double MaxDivergence => Divergences.Max();

    /// <summary>Share of the continuation, 0 to 1, where both would choose the same token greedily.</summary>
    public double Top1Agreement => Agreements.Average(same => same ? 1.0 : 0.0);

    /// <summary>How many times sooner the second session's first token came.</summary>
    public double Speedup => TimeToFirstToken / OtherTimeToFirstToken;

    private double? Mean(Func<KeyRecall, double> weight, Func<KeyRecall, double> recall)
    {
        double sum = KeyRecalls.Sum(weight);
        return KeyRecalls.Count == 0 ? null : sum > 0 ? KeyRecalls.Sum(r => weight(r) * recall(r)) / sum : 1;
    }
}
