using System.Numerics.Tensors;
using LongContext.Backends;

namespace LongContext.Training;

/// <summary>The model's non-linearity with its derivative, on the host.</summary>
internal static class HeadActivation
{
    private const double RootOfTwoOverPi = 0.7978845608028654;

    /// <summary>value[i] = act(z[i]); slope[i] = act′(z[i]).</summary>
    internal static void Run(Activation activation, ReadOnlySpan<float> z, Span<float> value, Span<float> slope)
    {
        if (activation == Activation.Silu)
        {
            TensorPrimitives.Sigmoid(z, slope);
            TensorPrimitives.Multiply(z, slope, value);
            for (int i = 0; i < z.Length; i++)
            {
                slope[i] += value[i] * (1 - slope[i]); // σ + z·σ·(1 − σ)
            }

            return;
        }

        for (int i = 0; i < z.Length; i++)
        {
            (double y, double d) = activation == Activation.GeluTanh ? GeluTanh(z[i]) : Gelu(z[i]);
            (value[i], slope[i]) = ((float)y, (float)d);
        }
    }

    private static (double Value, double Slope) GeluTanh(double z)
    {
        double t = Math.Tanh(RootOfTwoOverPi * (z + (0.044715 * z * z * z)));
        double inner = RootOfTwoOverPi * (1 + (3 * 0.044715 * z * z));
        return (0.5 * z * (1 + t), (0.5 * (1 + t)) + (0.5 * z * (1 - (t * t)) * inner));
    }

    private static (double Value, double Slope) Gelu(double z)
    {
        double cumulative = NormalCumulative(z);
        return (z * cumulative, cumulative + (z * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI)));
    }

    /// <summary>The normal distribution, by the series 0.5 + φ(z)·(z + z³/3 + z⁵/(3·5) + …).</summary>
    private static double NormalCumulative(double z)
    {
        if (Math.Abs(z) > 9)
        {
            return z > 0 ? 1 : 0;
        }

        double term = z;
        double sum = z;
        for (int n = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum) && n < 400; n += 2)
        {
            term *= z * z / n;
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI));
    }
}
