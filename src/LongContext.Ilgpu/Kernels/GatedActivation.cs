using ILGPU;
using ILGPU.Algorithms;
using LongContext.Backends;

namespace LongContext.Ilgpu.Kernels;

/// <summary>output = activation(gate) · up, one thread an element.</summary>
internal static class GatedActivation
{
    private const float SqrtTwoOverPi = 0.7978845608f;
    private const float SqrtHalf = 0.7071067812f;

    internal static void Kernel(Index1D index, ArrayView<float> gate, ArrayView<float> up, int activation, ArrayView<float> output)
    {
        int i = index;
        float x = gate[i];
        float y;
        if (activation == (int)Activation.Silu)
        {
            y = x / (1 + XMath.Exp(-x));
        }
        else if (activation == (int)Activation.GeluTanh)
        {
            // tanh(u) = 1 − 2 / (e^2u + 1): 0.5 · (1 + tanh) without losing the digits of a small result
            float u = SqrtTwoOverPi * (x + (0.044715f * x * x * x));
            y = x / (1 + XMath.Exp(-2 * u));
        }
        else
        {
            y = 0.5f * x * ComplementaryError(-x * SqrtHalf);
        }

        output[i] = y * up[i];
    }

    /// <summary>1 − erf(x) by the rational Chebyshev fit of Numerical Recipes (erfcc), relative error 1.2e-7.</summary>
    private static float ComplementaryError(float x)
    {
        double z = XMath.Abs(x);
        double t = 1 / (1 + (0.5 * z));
        double p = 0.17087277;
        p = (p * t) - 0.82215223;
        p = (p * t) + 1.48851587;
        p = (p * t) - 1.13520398;
        p = (p * t) + 0.27886807;
        p = (p * t) - 0.18628806;
        p = (p * t) + 0.09678418;
        p = (p * t) + 0.37409196;
        p = (p * t) + 1.00002368;
        p = (p * t) - 1.26551223;
        double tail = t * XMath.Exp(p - (z * z));
        return (float)(x >= 0 ? tail : 2 - tail);
    }
}
