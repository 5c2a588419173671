using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>output[i] = x[rows[i]], one thread an element.</summary>
internal static class GatherRows
{
    internal static void Kernel(Index1D index, ArrayView<float> x, ArrayView<int> rows, int columns, ArrayView<float> output)
    {
        int i = index;
        output[i] = x[((long)rows[i / columns] * columns) + (i % columns)];
    }
}
