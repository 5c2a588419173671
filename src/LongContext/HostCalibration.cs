using LongContext.Planning;

namespace LongContext;

/// <summary>Measures how fast a session computes, for the planner: two prompts and a few decoded tokens.</summary>
public static class HostCalibration
{
    private const int DecodedTokens = 12;

    /// <summary>Runs a short and a longer prompt of arbitrary tokens and takes the rates from their times.</summary>
    /// <param name="session">Otherwise idle, without prefix reuse; its context must hold <paramref name="longPrompt"/> and 12 tokens more.</param>
    /// <param name="shortPrompt">Tokens of the short prompt: gives the rate of matrix products.</param>
    /// <param name="longPrompt">Tokens of the longer one, at least four times as many: what it takes beyond that is attention.</param>
    /// <param name="cancellationToken">Stops the measurement.</param>
    /// <remarks>A shape with little attention at <paramref name="longPrompt"/> tokens gives a rough rate for it: choose it longer then.</remarks>
    public static async Task<HostProfile> MeasureAsync(
        InferenceSession session, int shortPrompt = 256, int longPrompt = 2048, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentOutOfRangeException.ThrowIfLessThan(shortPrompt, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(longPrompt, 4 * shortPrompt);
        await RunAsync(session, shortPrompt, seed: 0, cancellationToken).ConfigureAwait(false); // compiles what is not compiled yet
        TokenUsage small = await RunAsync(session, shortPrompt, seed: 1, cancellationToken).ConfigureAwait(false);
        TokenUsage again = await RunAsync(session, shortPrompt, seed: 3, cancellationToken).ConfigureAwait(false);
        small = again.TimeToFirstToken < small.TimeToFirstToken ? again : small; // the shorter of the two was disturbed less
        TokenUsage large = await RunAsync(session, longPrompt, seed: 2, cancellationToken).ConfigureAwait(false);

        ModelCost cost = new(session.Model, 2, 4);
        (double t1, double t2) = (small.TimeToFirstToken.TotalSeconds, large.TimeToFirstToken.TotalSeconds);
        (double m1, double m2) = (Matrix(cost, shortPrompt), Matrix(cost, longPrompt));
        (double a1, double a2) = (Attention(cost, shortPrompt), Attention(cost, longPrompt));

        // t = m / x + a / y for both: two equations. Noise in a pair can make a rate negative or attention faster than matrix products,
        // which it never is; then both are taken as one.
        double determinant = (m1 * a2) - (m2 * a1);
        double perMatrix = ((t1 * a2) - (t2 * a1)) / determinant;
        double perAttention = ((m1 * t2) - (m2 * t1)) / determinant;
        if (perMatrix <= 0 || perAttention < perMatrix)
        {
            perMatrix = perAttention = t2 / (m2 + a2);
        }

        double decoded = (small.TotalTime - small.TimeToFirstToken).TotalSeconds / (DecodedTokens - 1);
        double bytes = cost.DecodedWeightBytes + (shortPrompt * cost.KVTokenBytes * cost.Layers);
        return new HostProfile(1 / perMatrix, 1 / perAttention, bytes / decoded);
    }

    private static double Matrix(ModelCost cost, double tokens) => cost.Layers * cost.MatrixFlops(tokens);

    private static double Attention(ModelCost cost, double tokens) => cost.Layers * cost.AttentionFlops(tokens * (tokens + 1) / 2);

    private static async Task<TokenUsage> RunAsync(InferenceSession session, int tokens, int seed, CancellationToken cancellationToken)
    {
        Random random = new(seed);
        int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(session.Model.VocabularySize))];
        GenerationOptions options = new() { MaxNewTokens = DecodedTokens, EndOfSequence = EndOfSequenceHandling.Ignore };
        GenerationResult result = await session.GenerateAsync(Prompt.FromTokens(ids), options, cancellationToken).ConfigureAwait(false);
        return result.Usage;
    }
}
