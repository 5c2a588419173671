namespace LongContext.Tests.Shared.Golden;

/// <summary>Parameters of Llama 3's rotary scaling.</summary>
internal sealed record GoldenLlama3Rope(double Factor, double Low, double High, int OriginalContext)
{
    /// <summary>The divisors that llama.cpp stores as <c>rope_freqs.weight</c>.</summary>
    internal float[] Divisors(int headDim, double ropeBase)
    {
        float[] divisors = new float[headDim / 2];
        for (int i = 0; i < headDim; i += 2)
        {
            double wave = 2 * Math.PI / (1.0 / Math.Pow(ropeBase, (double)i / headDim));
            double t = ((OriginalContext / wave) - Low) / (High - Low);
            divisors[i / 2] = (float)(wave < OriginalContext / High ? 1.0
                : wave > OriginalContext / Low ? Factor
                : 1.0 / (((1 - t) / Factor) + t));
        }

        return divisors;
    }
}
