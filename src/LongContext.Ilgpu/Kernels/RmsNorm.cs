using ILGPU;
using ILGPU.Algorithms;

namespace LongContext.Ilgpu.Kernels;

/// <summary>A vector divided by its root mean square, times weight; one thread a vector.</summary>
internal static class RmsNorm
{
    internal static void Kernel(Index1D index, ArrayView<float> input, ArrayView<float> weight, float epsilon, int length, ArrayView<float> output)
    {
        int row = index;
        long start = (long)row * length;
        double square = 0;
        for (int i = 0; i < length; i++)
        {
            double x = input[start + i];
            square += x * x;
        }

        double factor = 1 / XMath.Sqrt((square / length) + epsilon);
        for (int i = 0; i < length; i++)
        {
            output[start + i] = (float)(input[start + i] * factor * weight[i]);
        }
    }
}
