namespace LongContext.Models.Rotary;

/// <summary>Every frequency divided by a number of its own (<c>rope_freqs.weight</c> of a GGUF file).</summary>
/// <param name="Divisors">One per rotary pair.</param>
internal sealed record DivisorScaling(double[] Divisors) : RotaryScaling
{
    /// <inheritdoc/>
    internal override double[] InverseFrequencies(double theta, int dimensions, int contextLength) =>
        [.. Unscaled(theta, dimensions).Zip(Divisors, (f, d) => f / d)];
}
