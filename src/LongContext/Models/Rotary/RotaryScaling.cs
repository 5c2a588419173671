namespace LongContext.Models.Rotary;

/// <summary>How a model stretches its rotary frequencies over contexts longer than it was pretrained for.</summary>
internal abstract record RotaryScaling
{
    /// <summary>Multiplies cosines and sines, and so every query and key ("attention factor", "mscale").</summary>
    internal virtual double AttentionFactor => 1;

    /// <summary>The context the scaling reaches, in tokens; 0 when the model's stated maximum says it all.</summary>
    internal virtual int ContextLength => 0;

    /// <summary>Inverse frequency of each rotary pair, in radians a position.</summary>
    /// <param name="theta">The base.</param>
    /// <param name="dimensions">Features of a head that turn; even.</param>
    /// <param name="contextLength">The session's context in tokens.</param>
    internal abstract double[] InverseFrequencies(double theta, int dimensions, int contextLength);

    /// <summary>theta^(−2i / dimensions): the frequencies before any scaling.</summary>
    protected static double[] Unscaled(double theta, int dimensions)
    {
        double[] frequencies = new double[dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(theta, -2.0 * i / dimensions);
        }

        return frequencies;
    }
}
