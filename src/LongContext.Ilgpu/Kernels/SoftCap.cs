using ILGPU;
using ILGPU.Algorithms;

namespace LongContext.Ilgpu.Kernels;

/// <summary>x = cap · tanh(x / cap), in place, one thread an element.</summary>
internal static class SoftCap
{
    internal static void Kernel(Index1D i, ArrayView<float> x, float cap) => x[i] = Cap(x[i], cap);

    internal static float Cap(float x, float cap) => cap * XMath.Tanh(x / cap);
}
