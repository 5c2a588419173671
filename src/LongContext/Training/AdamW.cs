namespace LongContext.Training;

/// <summary>AdamW over one matrix; β 0.9 and 0.95, ε 1e-8.</summary>
internal sealed class AdamW(int count)
{
    private const float Beta1 = 0.9f, Beta2 = 0.95f, Epsilon = 1e-8f;

    /// <summary>Running mean of the gradient.</summary>
    internal float[] Mean { get; } = new float[count];

    /// <summary>Running mean of its square.</summary>
    internal float[] Square { get; } = new float[count];

    /// <summary>Changes the weights by one step.</summary>
    /// <param name="weights">Updated.</param>
    /// <param name="gradient">As long.</param>
    /// <param name="rate">Learning rate of this step.</param>
    /// <param name="decay">Weight decay.</param>
    /// <param name="step">This step's number, from 1.</param>
    internal void Update(Span<float> weights, ReadOnlySpan<float> gradient, double rate, double decay, int step)
    {
        float keep = (float)(1 - (rate * decay));
        float meanScale = (float)(rate / (1 - Math.Pow(Beta1, step)));
        float squareScale = (float)(1 / (1 - Math.Pow(Beta2, step)));
        for (int i = 0; i < weights.Length; i++)
        {
            float g = gradient[i];
            Mean[i] += (1 - Beta1) * (g - Mean[i]);
            Square[i] += (1 - Beta2) * ((g * g) - Square[i]);
            weights[i] = (weights[i] * keep) - (meanScale * Mean[i] / (MathF.Sqrt(Square[i] * squareScale) + Epsilon));
        }
    }
}
