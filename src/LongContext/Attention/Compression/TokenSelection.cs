namespace LongContext.Attention.Compression;

/// <summary>From scores to the tokens that are kept. A score that is no number counts as the lowest.</summary>
internal static class TokenSelection
{
    /// <summary>pooled[i] = the largest of the scores within width / 2 of i, as far as there are any.</summary>
    internal static void MaxPool(ReadOnlySpan<float> scores, int width, Span<float> pooled)
    {
        int reach = width / 2;
        for (int i = 0; i < scores.Length; i++)
        {
            float max = float.NegativeInfinity;
            for (int j = Math.Max(0, i - reach); j <= Math.Min(scores.Length - 1, i + reach); j++)
            {
                max = scores[j] > max ? scores[j] : max;
            }

            pooled[i] = max;
        }
    }

    /// <summary>Indices of the highest scores, ascending; of equal scores the earlier tokens.</summary>
    /// <param name="scores">Without NaN.</param>
    /// <param name="scratch">As long as <paramref name="scores"/>; overwritten.</param>
    /// <param name="indices">As many as are wanted; at most as many as there are scores.</param>
    internal static void Top(ReadOnlySpan<float> scores, Span<float> scratch, Span<int> indices)
    {
        if (indices.IsEmpty)
        {
            return;
        }

        scores.CopyTo(scratch);
        float threshold = Largest(scratch[..scores.Length], indices.Length);
        int above = 0;
        foreach (float score in scores)
        {
            above += score > threshold ? 1 : 0;
        }

        int equal = indices.Length - above;
        int taken = 0;
        for (int i = 0; taken < indices.Length; i++)
        {
            if (scores[i] > threshold || (scores[i] == threshold && equal-- > 0))
            {
                indices[taken++] = i;
            }
        }
    }

    /// <summary>The <paramref name="rank"/>-th largest value, by partitioning; expected linear time.</summary>
    private static float Largest(Span<float> values, int rank)
    {
        while (true)
        {
            float pivot = MedianOf(values[0], values[values.Length / 2], values[^1]);
            int greater = 0, equalEnd = 0, less = values.Length; // [greater ...][equal ...][unknown ...][less ...]
            while (equalEnd < less)
            {
                float value = values[equalEnd];
                if (value > pivot)
                {
                    values[equalEnd++] = values[greater];
                    values[greater++] = value;
                }
                else if (value < pivot)
                {
                    values[equalEnd] = values[--less];
                    values[less] = value;
                }
                else
                {
                    equalEnd++;
                }
            }

            if (rank <= greater)
            {
                values = values[..greater];
            }
            else if (rank <= equalEnd)
            {
                return pivot;
            }
            else
            {
                rank -= equalEnd;
                values = values[equalEnd..];
            }
        }
    }

    private static float MedianOf(float a, float b, float c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
