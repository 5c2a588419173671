using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LongContext.Sampling;

/// <summary>What sampling does with whole rows of logits, compiled in full at the first call.</summary>
/// <remarks>A library's generic row operations would run unoptimised for a request's first dozens of tokens: milliseconds each over a large vocabulary.</remarks>
internal static class LogitRow
{
    /// <summary>The greatest; NaN if any is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Max(ReadOnlySpan<float> row)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(row);
        Vector<float> greatest = new(float.NegativeInfinity);
        foreach (Vector<float> vector in vectors)
        {
            greatest = Vector.Max(greatest, vector);
        }

        float max = float.NegativeInfinity;
        for (int i = 0; i < Vector<float>.Count; i++)
        {
            max = MathF.Max(max, greatest[i]);
        }

        foreach (float logit in row[(vectors.Length * Vector<float>.Count)..])
        {
            max = MathF.Max(max, logit);
        }

        return max;
    }

    /// <summary>Logits become weights, in place: exp((logit − max) / temperature), so that the greatest weighs 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Weigh(Span<float> row, float max, float temperature)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(row);
        Vector<float> maxima = new(max);
        Vector<float> temperatures = new(temperature);
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = Vector.Exp((vectors[i] - maxima) / temperatures);
        }

        for (int i = vectors.Length * Vector<float>.Count; i < row.Length; i++)
        {
            row[i] = Vector.Exp(new Vector<float>((row[i] - max) / temperature))[0]; // the vector's bits, wherever in the row it stands
        }
    }
}
