namespace LongContext.Training;

/// <summary>Smooth L1 between scores and labels, plus the squared difference of neighbouring scores.</summary>
/// <remarks>
/// <c>mean over tokens, heads and layers of smoothL1(s − y) + λ · sum over layers of mean over neighbours and heads of (s − s′)²</c>, as in the released
/// training. smoothL1(d) is d²/2 below 1 and |d| − 1/2 above.
/// </remarks>
internal static class HeadLoss
{
    /// <summary>Adds up the loss of some consecutive rows and writes its derivative.</summary>
    /// <param name="scores">[rows, heads].</param>
    /// <param name="labels">[rows, heads].</param>
    /// <param name="heads">KV heads.</param>
    /// <param name="perElement">Weight of one smooth L1 term.</param>
    /// <param name="perPair">Weight of one squared difference.</param>
    /// <param name="gradient">[rows, heads], overwritten.</param>
    /// <returns>The loss of these rows.</returns>
    internal static double Run(
        ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, int heads, double perElement, double perPair, Span<float> gradient)
    {
        double loss = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            double d = (double)scores[i] - labels[i];
            bool near = Math.Abs(d) < 1;
            loss += perElement * (near ? d * d / 2 : Math.Abs(d) - 0.5);
            gradient[i] = (float)(perElement * (near ? d : Math.Sign(d)));
        }

        for (int i = heads; i < scores.Length; i++)
        {
            double d = (double)scores[i] - scores[i - heads];
            loss += perPair * d * d;
            gradient[i] += (float)(2 * perPair * d);
            gradient[i - heads] -= (float)(2 * perPair * d);
        }

        return loss;
    }
}
