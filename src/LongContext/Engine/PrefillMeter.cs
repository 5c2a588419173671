namespace LongContext.Engine;

/// <summary>Measures a prefill and foretells how long the rest takes. Knows no clock: it is told times.</summary>
/// <remarks>
/// A chunk from token s to e is taken to cost <c>a · (e − s) + b · (e² − s²) / 2</c>: the projections grow with the tokens, attention
/// with tokens times what is before them. a and b are fitted to the chunks so far by least squares, neither below 0.
/// </remarks>
internal sealed class PrefillMeter
{
    private double _xx, _xy, _yy, _xt, _yt; // sums of products of the two terms and the time

    /// <summary>Takes a chunk's time.</summary>
    internal void Add(int start, int end, TimeSpan time)
    {
        (double x, double y, double t) = (Linear(start, end), Quadratic(start, end), time.TotalSeconds);
        _xx += x * x;
        _xy += x * y;
        _yy += y * y;
        _xt += x * t;
        _yt += y * t;
    }

    /// <summary>Time for tokens <paramref name="done"/> to <paramref name="total"/>; null before the first chunk.</summary>
    internal TimeSpan? Estimate(int done, int total)
    {
        if (_xx <= 0)
        {
            return null;
        }

        double determinant = (_xx * _yy) - (_xy * _xy);
        double a = _xt / _xx;
        double b = 0;
        if (determinant > 1e-9 * _xx * _yy)
        {
            b = ((_xx * _yt) - (_xy * _xt)) / determinant;
            a = ((_yy * _xt) - (_xy * _yt)) / determinant;
            (a, b) = b < 0 ? (_xt / _xx, 0) : a < 0 ? (0, _yt / _yy) : (a, b);
        }

        double seconds = (a * Linear(done, total)) + (b * Quadratic(done, total));
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.MaxValue.TotalSeconds / 2));
    }

    private static double Linear(int start, int end) => end - start;

    private static double Quadratic(int start, int end) => (((double)end * end) - ((double)start * start)) / 2;
}
