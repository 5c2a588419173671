namespace LongContext.Models.Rotary;

/// <summary>LongRoPE (Phi-3): two sets of divisors, one for contexts within the pretraining length and one for longer ones.</summary>
/// <remarks>The set is chosen once, by the session's context: keys cached under one set do not fit queries turned by the other.</remarks>
/// <param name="ShortFactors">One per rotary pair, for contexts up to <paramref name="OriginalContext"/>.</param>
/// <param name="LongFactors">One per rotary pair, for longer contexts.</param>
/// <param name="OriginalContext">The pretraining context in tokens.</param>
/// <param name="Factor">How many times longer the model's maximum is.</param>
internal sealed record LongRopeScaling(double[] ShortFactors, double[] LongFactors, int OriginalContext, double Factor) : RotaryScaling
{
    /// <summary>The attention factor if the model states one; otherwise √(1 + ln(factor) / ln(original context)).</summary>
    internal double? StatedAttentionFactor { get; init; }

    /// <inheritdoc/>
    internal override double AttentionFactor =>
        StatedAttentionFactor ?? (Factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(Factor) / Math.Log(OriginalContext))));

    /// <inheritdoc/>
    internal override double[] InverseFrequencies(double theta, int dimensions, int contextLength)
    {
        double[] factors = contextLength > OriginalContext ? LongFactors : ShortFactors;
        return [.. Unscaled(theta, dimensions).Zip(factors, (f, d) => f / d)];
    }
}
