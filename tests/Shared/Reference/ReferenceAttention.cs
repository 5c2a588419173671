using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Attention as the textbook has it: all scores, their softmax, the weighted sum; in doubles.</summary>
internal static class ReferenceAttention
{
    internal static void Run(
        in Tensor q, ReferenceKVCache cache, int layer, ReferencePlan plan, in AttentionParameters parameters, in Tensor output, in Tensor lse)
    {
        Span<float> queries = q.HostSpan<float>();
        Span<float> results = output.HostSpan<float>();
        Span<float> lses = lse.IsEmpty ? default : lse.HostSpan<float>();
        int qHeads = (int)q.Shape[1];
        int headDim = cache.Shape.HeadDim;
        int group = qHeads / cache.Shape.KVHeads;
        foreach (AttentionItem item in plan.Items)
        {
            for (int row = 0; row < item.QueryCount; row++)
            {
                for (int head = 0; head < qHeads; head++)
                {
                    int index = ((item.QueryStart + row) * qHeads) + head;
                    double sum = Attend(
                        queries.Slice(index * headDim, headDim), cache, layer, plan, item, row, head / group, parameters,
                        results.Slice(index * headDim, headDim));
                    if (!lses.IsEmpty)
                    {
                        lses[index] = (float)sum;
                    }
                }
            }
        }
    }

    /// <summary>One row and head; returns its lse.</summary>
    private static double Attend(
        ReadOnlySpan<float> query, ReferenceKVCache cache, int layer, ReferencePlan plan, in AttentionItem item, int row, int kvHead,
        in AttentionParameters parameters, Span<float> result)
    {
        int position = item.FirstRowKey + row;
        List<(int Key, double Score)> seen = [];
        for (int key = item.KeyStart; key < item.KeyStart + item.KeyCount; key++)
        {
            bool causal = item.Mask == AttentionMask.Full || key <= position;
            bool inWindow = parameters.Window == 0 || key > (long)position - parameters.Window;
            if (causal && inWindow)
            {
                double score = parameters.Scale * Dot(query, cache.Key(layer, plan.Slot(item.Sequence, key), kvHead));
                seen.Add((key, parameters.SoftCap > 0 ? parameters.SoftCap * Math.Tanh(score / parameters.SoftCap) : score));
            }
        }

        result.Clear();
        if (seen.Count == 0)
        {
            return double.NegativeInfinity;
        }

        double max = seen.Max(s => s.Score);
        double denominator = seen.Sum(s => Math.Exp(s.Score - max));
        double[] sum = new double[result.Length];
        foreach ((int key, double score) in seen)
        {
            ReadOnlySpan<float> value = cache.Value(layer, plan.Slot(item.Sequence, key), kvHead);
            for (int d = 0; d < sum.Length; d++)
            {
                sum[d] += Math.Exp(score - max) / denominator * value[d];
            }
        }

        for (int d = 0; d < sum.Length; d++)
        {
            result[d] = (float)sum[d];
        }

        return max + Math.Log(denominator);
    }

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sum += (double)x[i] * y[i];
        }

        return sum;
    }
}
