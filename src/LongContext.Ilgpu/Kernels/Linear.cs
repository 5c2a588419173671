using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>output = input · weightᵀ + bias, one thread an output element; the sum's order does not depend on the rows.</summary>
internal static class Linear
{
    internal static void Kernel(
        Index1D index, ArrayView<float> input, ArrayView<float> weight, ArrayView<float> bias, int inFeatures, int outFeatures, ArrayView<float> output)
    {
        int i = index;
        long x = (long)(i / outFeatures) * inFeatures;
        long w = (long)(i % outFeatures) * inFeatures;
        double sum = 0;
        for (int k = 0; k < inFeatures; k++)
        {
            sum += (double)input[x + k] * weight[w + k];
        }

        output[i] = (float)(bias.Length > 0 ? sum + bias[i % outFeatures] : sum);
    }
}
