using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>output = x + y, one thread an element.</summary>
internal static class Add
{
    internal static void Kernel(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> output) => output[i] = x[i] + y[i];
}
