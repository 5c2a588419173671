namespace LongContext.Models.Rotary;

/// <summary>YaRN: fast pairs extrapolate, slow pairs interpolate, a linear ramp over the pair index between them.</summary>
/// <param name="Factor">How many times longer the context is.</param>
/// <param name="OriginalContext">The pretraining context in tokens.</param>
internal sealed record YarnScaling(double Factor, int OriginalContext) : RotaryScaling
{
    /// <summary>Pairs that turn more often than this within the pretraining context extrapolate.</summary>
    internal double BetaFast { get; init; } = 32;

    /// <summary>Pairs that turn less often than this interpolate.</summary>
    internal double BetaSlow { get; init; } = 1;

    /// <summary>Whether the ends of the ramp are rounded outwards to whole pairs.</summary>
    internal bool Truncate { get; init; } = true;

    /// <summary>The attention factor if the model states one; otherwise 0.1 · ln(factor) + 1.</summary>
    internal double? StatedAttentionFactor { get; init; }

    /// <inheritdoc/>
    internal override double AttentionFactor => StatedAttentionFactor ?? Magnitude(Factor, 1);

    /// <inheritdoc/>
    internal override int ContextLength => (int)Math.Min(Math.Round(Factor * OriginalContext), ConfigLimits.ContextLength);

    /// <summary>YaRN's growth of the attention logits with the factor.</summary>
    internal static double Magnitude(double factor, double scale) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;

    /// <inheritdoc/>
    internal override double[] InverseFrequencies(double theta, int dimensions, int contextLength)
    {
        double low = PairTurning(BetaFast, theta, dimensions);
        double high = PairTurning(BetaSlow, theta, dimensions);
        (low, high) = Truncate ? (Math.Floor(low), Math.Ceiling(high)) : (low, high);
        (low, high) = (Math.Max(low, 0), Math.Min(high, dimensions - 1));
        double width = high == low ? 0.001 : high - low; // a step instead of a ramp

        double[] frequencies = Unscaled(theta, dimensions);
        for (int i = 0; i < frequencies.Length; i++)
        {
            double interpolate = Math.Clamp((i - low) / width, 0, 1);
            frequencies[i] *= 1 - interpolate + (interpolate / Factor);
        }

        return frequencies;
    }

    /// <summary>The (fractional) index of the pair that turns so many times within the pretraining context.</summary>
    private double PairTurning(double turns, double theta, int dimensions) =>
        dimensions * Math.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
}
