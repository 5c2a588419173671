namespace LongContext.Models.Rotary;

/// <summary>Position interpolation: every frequency divided by one factor.</summary>
/// <param name="Factor">How many times longer the context is.</param>
internal sealed record LinearScaling(double Factor) : RotaryScaling
{
    /// <inheritdoc/>
    internal override double[] InverseFrequencies(double theta, int dimensions, int contextLength) =>
        [.. Unscaled(theta, dimensions).Select(f => f / Factor)];
}
