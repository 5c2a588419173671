using System.Globalization;

namespace LongContext.Throughput.Report;

/// <summary>The middle and the ends of several measurements of one figure.</summary>
/// <param name="Median">The middle one; between two middle ones their mean.</param>
/// <param name="Min">The least.</param>
/// <param name="Max">The greatest.</param>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
        {
            throw new ArgumentException("There is nothing to take the median of.", nameof(values));
        }

        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>"12.3 (11.0-14.1)", three digits that count.</summary>
    public override string ToString() => $"{Digits(Median)} ({Digits(Min)}-{Digits(Max)})";

    private static string Digits(double value) => value.ToString(Math.Abs(value) switch
    {
        >= 100 => "F0",
        >= 10 => "F1",
        _ => "F2",
    }, CultureInfo.InvariantCulture);
}
