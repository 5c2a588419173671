using ILGPU;
using ILGPU.Algorithms;

namespace LongContext.Ilgpu.Kernels;

/// <summary>Merges two attention results over disjoint keys into the first, one thread a (token, head).</summary>
internal static class MergeStates
{
    internal static void Kernel(
        Index1D index, ArrayView<float> output, ArrayView<float> lse, ArrayView<float> other, ArrayView<float> otherLse, int headDim)
    {
        int row = index;
        float max = XMath.Max(lse[row], otherLse[row]);
        if (max == float.NegativeInfinity)
        {
            return; // both key sets empty: −∞ − (−∞) would be NaN
        }

        float w1 = XMath.Exp(lse[row] - max);
        float w2 = XMath.Exp(otherLse[row] - max);
        long start = (long)row * headDim;
        for (int d = 0; d < headDim; d++)
        {
            output[start + d] = ((output[start + d] * w1) + (other[start + d] * w2)) / (w1 + w2);
        }

        lse[row] = max + XMath.Log(w1 + w2);
    }
}
