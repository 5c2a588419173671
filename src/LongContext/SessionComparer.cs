using System.Numerics.Tensors;
using LongContext.Attention;

namespace LongContext;

/// <summary>Compares two sessions' distributions along one continuation.</summary>
internal static class SessionComparer
{
    internal static async Task<AttentionComparison> CompareAsync(
        InferenceSession exact, InferenceSession other, Prompt prompt, int tokens, CancellationToken cancellationToken)
    {
        if (exact.Model.VocabularySize != other.Model.VocabularySize)
        {
            throw new ArgumentException(
                $"The sessions have vocabularies of {exact.Model.VocabularySize} and {other.Model.VocabularySize} tokens: they are not of one model.", nameof(other));
        }

        GenerationOptions greedy = new() { MaxNewTokens = tokens, EndOfSequence = EndOfSequenceHandling.Ignore };
        GenerationResult generated = await exact.GenerateAsync(prompt, greedy, cancellationToken).ConfigureAwait(false);
        GenerationResult first = await other.GenerateAsync(prompt, greedy with { MaxNewTokens = 1 }, cancellationToken).ConfigureAwait(false);
        KeySelection selection = new();
        using KeyRecallMeter recall = new(selection);
        IReadOnlyList<float[]> q = await other.ComputeLogitsAsync(prompt, generated.TokenIds, selection, null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<float[]> p = await exact.ComputeLogitsAsync(prompt, generated.TokenIds, null, recall, cancellationToken).ConfigureAwait(false);
        return new AttentionComparison(
            generated.Usage.PromptTokens, generated.TokenIds, [.. p.Zip(q, Divergence)],
            [.. p.Zip(q, (a, b) => TensorPrimitives.IndexOfMax<float>(a) == TensorPrimitives.IndexOfMax<float>(b))],
            generated.Usage.TimeToFirstToken, first.Usage.TimeToFirstToken) { KeyRecalls = recall.Result };
    }

    /// <summary>Sum of p · (ln p − ln q) over the vocabulary, of softmax distributions.</summary>
    private static double Divergence(float[] p, float[] q)
    {
        (double sumP, double sumQ) = (LogSumExp(p), LogSumExp(q));
        double divergence = 0;
        for (int i = 0; i < p.Length; i++)
        {
            double logP = p[i] - sumP;
            divergence += Math.Exp(logP) * (logP - (q[i] - sumQ));
        }

        return Math.Max(0, divergence); // rounding can put it a hair below
    }

    private static double LogSumExp(float[] logits)
    {
        double max = TensorPrimitives.Max<float>(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }
}
