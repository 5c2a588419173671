using LongContext.Backends;

namespace LongContext.Tests.Shared.Reference;

/// <summary>Scalar functions in doubles.</summary>
internal static class ReferenceMath
{
    internal static double Activate(double x, Activation activation) => activation switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.Gelu => 0.5 * x * Erfc(-x / Math.Sqrt(2)),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "Not an activation."),
    };

    /// <summary>1 − erf(x): the Taylor series in the middle, the continued fraction outside.</summary>
    internal static double Erfc(double x)
    {
        if (Math.Abs(x) < 3)
        {
            double term = x;
            double sum = x;
            for (int n = 1; n < 120; n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return 1 - (2 / Math.Sqrt(Math.PI) * sum);
        }

        double z = Math.Abs(x);
        double fraction = z;
        for (int n = 120; n > 0; n--)
        {
            fraction = z + (n / 2.0 / fraction);
        }

        double tail = Math.Exp(-z * z) / (Math.Sqrt(Math.PI) * fraction);
        return x > 0 ? tail : 2 - tail;
    }
}
