namespace LongContext.Tests.Sampling;

/// <summary>The documented rules, in double precision, by sorting: the distribution the next token is drawn from.</summary>
internal static class ReferenceSampler
{
    internal static double[] Distribution(IReadOnlyList<float> row, SamplingOptions options, IEnumerable<int> prompt, IReadOnlyList<int> generated)
    {
        double[] logits = [.. row.Select(l => (double)l)];
        foreach ((int id, float bias) in options.LogitBias)
        {
            logits[id] += bias;
        }

        foreach (int id in prompt.Concat(generated).Distinct())
        {
            logits[id] = logits[id] > 0 ? logits[id] / options.RepetitionPenalty : logits[id] * options.RepetitionPenalty;
            int count = generated.Count(g => g == id);
            logits[id] -= (options.FrequencyPenalty * count) + (count > 0 ? options.PresencePenalty : 0);
        }

        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        if (options.Temperature == 0)
        {
            return [.. logits.Select((_, i) => i == order[0] ? 1.0 : 0.0)];
        }

        int kept = options.TopK == 0 ? order.Length : Math.Min(options.TopK, order.Length);
        double[] weights = [.. logits.Select(l => Math.Exp((l - logits[order[0]]) / options.Temperature))];
        double total = order.Take(kept).Sum(i => weights[i]);
        double reached = 0;
        int nucleus = 0;
        while (nucleus < kept && (nucleus == 0 || reached < options.TopP * total))
        {
            reached += weights[order[nucleus++]];
        }

        double[] probabilities = new double[logits.Length];
        foreach (int id in order.Take(nucleus).Where(i => weights[i] >= options.MinP))
        {
            probabilities[id] = weights[id];
        }

        double sum = probabilities.Sum();
        return [.. probabilities.Select(p => p / sum)];
    }
}
