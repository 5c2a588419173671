using System.Runtime.CompilerServices;

namespace LongContext.Sampling;

/// <summary>Keeps the greatest values of a row, by count or by mass, in place and in time linear in the row, whatever it holds.</summary>
/// <remarks>
/// A radix selection: the values' order-preserving 32-bit keys are read from the top, 11, 11 and 10 bits at a time, into a histogram of
/// what each bin weighs; three passes find the key at which the wanted weight is reached. Nothing is sorted. Among equal values the lower
/// index goes first.
/// </remarks>
internal sealed class RadixCut
{
    private const int Bins = 1 << 11;
    private readonly double[] _histogram = new double[Bins];

    /// <summary>Keeps the <paramref name="count"/> greatest values; the others become −∞.</summary>
    internal void KeepCount(Span<float> values, int count)
    {
        if (count < values.Length)
        {
            Cut(values, Measure.Count, count, float.NegativeInfinity);
        }
    }

    /// <summary>Keeps the fewest of the greatest weights whose sum reaches <paramref name="share"/> of the total; the others become 0.</summary>
    /// <param name="weights">At least 0.</param>
    /// <param name="share">Above 0; 1 keeps all.</param>
    internal void KeepMass(Span<float> weights, double share)
    {
        if (share < 1)
        {
            Cut(weights, Measure.Mass, share, 0);
        }
    }

    private enum Measure
    {
        Count,
        Mass,
    }

    private void Cut(Span<float> values, Measure measure, double target, float dropped)
    {
        uint prefix = 0;
        double remaining = target;
        for (int shift = 21; ; shift = Math.Max(0, shift - 11))
        {
            int bits = shift == 0 ? 10 : 11;
            Fill(values, measure, dropped, prefix, shift, bits);
            if (shift == 21 && measure == Measure.Mass)
            {
                remaining = target * Total();
            }

            int bin = Bins - 1;
            while (bin >= 0 && _histogram[bin] < remaining)
            {
                remaining -= _histogram[bin--];
            }

            if (bin < 0)
            {
                bin = LowestBin(); // fewer values than asked for, or a crumb of rounding that no bin holds: keep all there is
                remaining = double.PositiveInfinity;
            }

            prefix = (prefix << bits) | (uint)bin;
            if (shift == 0)
            {
                break;
            }
        }

        Drop(values, measure, prefix, remaining, dropped);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fill(ReadOnlySpan<float> values, Measure measure, float dropped, uint prefix, int shift, int bits)
    {
        double[] histogram = _histogram;
        Array.Clear(histogram);
        int prefixShift = shift + bits;
        uint mask = (1u << bits) - 1;
        foreach (float value in values)
        {
            uint key = Key(value);
            if (value != dropped && (prefixShift == 32 || key >> prefixShift == prefix))
            {
                histogram[(key >> shift) & mask] += measure == Measure.Count ? 1 : value;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Drop(Span<float> values, Measure measure, uint cut, double remaining, float dropped)
    {
        for (int i = 0; i < values.Length; i++)
        {
            uint key = Key(values[i]);
            if (key < cut)
            {
                values[i] = dropped;
            }
            else if (key == cut)
            {
                double weight = measure == Measure.Count ? 1 : values[i];
                values[i] = remaining > 0 ? values[i] : dropped;
                remaining -= weight;
            }
        }
    }

    private double Total()
    {
        double total = 0;
        foreach (double weight in _histogram)
        {
            total += weight;
        }

        return total;
    }

    private int LowestBin()
    {
        int bin = 0;
        while (bin < Bins - 1 && _histogram[bin] == 0)
        {
            bin++;
        }

        return bin;
    }

    /// <summary>An integer that is greater exactly where the value is; −0 counts as 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Key(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return bits ^ ((uint)((int)bits >> 31) | 0x8000_0000); // without a branch: signs are random
    }
}
