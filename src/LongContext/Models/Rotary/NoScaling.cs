namespace LongContext.Models.Rotary;

/// <summary>The frequencies as they are.</summary>
internal sealed record NoScaling : RotaryScaling
{
    /// <inheritdoc/>
    internal override double[] InverseFrequencies(double theta, int dimensions, int contextLength) => Unscaled(theta, dimensions);
}
