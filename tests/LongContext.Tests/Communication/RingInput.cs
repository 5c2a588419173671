using LongContext.Tests.Shared.Conformance;

namespace LongContext.Tests.Communication;

/// <summary>Queries, keys and values of one sequence, and their causal attention by the textbook, in doubles.</summary>
internal sealed class RingInput
{
    internal const int QHeads = 4, KVHeads = 2, HeadDim = 16;
    internal const float Scale = 0.25f;

    private RingInput(int tokens, float[] q, float[] k, float[] v)
    {
        (Tokens, Q, K, V) = (tokens, q, k, v);
    }

    internal int Tokens { get; }

    /// <summary>[tokens, QHeads, HeadDim].</summary>
    internal float[] Q { get; }

    /// <summary>[tokens, KVHeads, HeadDim].</summary>
    internal float[] K { get; }

    /// <summary>[tokens, KVHeads, HeadDim].</summary>
    internal float[] V { get; }

    /// <param name="tokens">Length.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <param name="keyBias">Added to every score of the key at a position.</param>
    /// <param name="spread">Of the scores; 0 makes all keys equal.</param>
    internal static RingInput Random(int tokens, int seed, Func<int, float>? keyBias = null, double spread = 1)
    {
        float[] q = TestData.Normal((long)tokens * QHeads * HeadDim, seed, spread);
        float[] k = TestData.Normal((long)tokens * KVHeads * HeadDim, seed + 1);
        for (int i = 0; i < q.Length; i += HeadDim)
        {
            q[i] = 1; // the first feature carries the key's bias
        }

        for (int i = 0; i < k.Length; i += HeadDim)
        {
            k[i] = (keyBias?.Invoke(i / HeadDim / KVHeads) ?? 0) / Scale;
        }

        return new RingInput(tokens, q, k, TestData.Normal((long)tokens * KVHeads * HeadDim, seed + 2));
    }

    internal (double[] Output, double[] Lse) Attend()
    {
        double[] output = new double[Q.Length];
        double[] lse = new double[Tokens * QHeads];
        double[] scores = new double[Tokens];
        for (int row = 0; row < Tokens * QHeads; row++)
        {
            (int position, int kvHead) = (row / QHeads, row % QHeads / (QHeads / KVHeads));
            for (int key = 0; key <= position; key++)
            {
                double dot = 0;
                for (int d = 0; d < HeadDim; d++)
                {
                    dot += (double)Q[(row * HeadDim) + d] * K[(((key * KVHeads) + kvHead) * HeadDim) + d];
                }

                scores[key] = Scale * dot;
            }

            double max = scores.Take(position + 1).Max();
            double sum = scores.Take(position + 1).Sum(s => Math.Exp(s - max));
            lse[row] = max + Math.Log(sum);
            for (int key = 0; key <= position; key++)
            {
                double weight = Math.Exp(scores[key] - lse[row]);
                for (int d = 0; d < HeadDim; d++)
                {
                    output[(row * HeadDim) + d] += weight * V[(((key * KVHeads) + kvHead) * HeadDim) + d];
                }
            }
        }

        return (output, lse);
    }
}
