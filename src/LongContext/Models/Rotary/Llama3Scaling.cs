namespace LongContext.Models.Rotary;

/// <summary>Llama 3.1's scaling: long wavelengths are stretched, short ones kept, those between blended.</summary>
/// <param name="Factor">How much the long wavelengths are stretched.</param>
/// <param name="LowFrequencyFactor">Wavelengths above <paramref name="OriginalContext"/> / this are long.</param>
/// <param name="HighFrequencyFactor">Wavelengths below <paramref name="OriginalContext"/> / this are short.</param>
/// <param name="OriginalContext">The pretraining context in tokens.</param>
internal sealed record Llama3Scaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContext)
    : RotaryScaling
{
    /// <inheritdoc/>
    internal override double[] InverseFrequencies(double theta, int dimensions, int contextLength)
    {
        double[] frequencies = Unscaled(theta, dimensions);
        for (int i = 0; i < frequencies.Length; i++)
        {
            double turns = OriginalContext * frequencies[i] / (2 * Math.PI); // full turns within the pretraining context
            double keep = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
            frequencies[i] *= keep + ((1 - keep) / Factor);
        }

        return frequencies;
    }
}
