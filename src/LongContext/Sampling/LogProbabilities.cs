using System.Runtime.CompilerServices;

namespace LongContext.Sampling;

/// <summary>Natural logarithms of the model's own probabilities: log-softmax in double precision, before any sampling filter.</summary>
internal static class LogProbabilities
{
    /// <summary>The chosen token, then the <paramref name="top"/> likeliest in falling order; ties go to the lower id.</summary>
    /// <param name="logits">The model's, unchanged; finite or −∞, at least one finite.</param>
    /// <param name="chosen">The chosen token.</param>
    /// <param name="top">How many more; at most the row is given.</param>
    internal static TokenLogProbability[] Of(ReadOnlySpan<float> logits, int chosen, int top)
    {
        double logSum = LogSumExp(logits);
        int count = Math.Min(top, logits.Length);
        Span<int> ids = count <= 128 ? stackalloc int[count] : new int[count];
        Top(logits, ids);

        TokenLogProbability[] result = new TokenLogProbability[1 + count];
        result[0] = new TokenLogProbability(chosen, logits[chosen] - logSum);
        for (int i = 0; i < count; i++)
        {
            result[i + 1] = new TokenLogProbability(ids[i], logits[ids[i]] - logSum);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double max = LogitRow.Max(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Top(ReadOnlySpan<float> logits, Span<int> ids)
    {
        int filled = 0;
        for (int id = 0; id < logits.Length && ids.Length > 0; id++)
        {
            if (filled == ids.Length && !(logits[id] > logits[ids[filled - 1]]))
            {
                continue;
            }

            int place = filled < ids.Length ? filled++ : filled - 1;
            while (place > 0 && logits[id] > logits[ids[place - 1]])
            {
                ids[place] = ids[place - 1];
                place--;
            }

            ids[place] = id;
        }
    }
}
