using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>output[i] = table[ids[i]] · scale, one thread an element.</summary>
internal static class Embedding
{
    internal static void Kernel(Index1D index, ArrayView<float> table, ArrayView<int> ids, float scale, int columns, ArrayView<float> output)
    {
        int i = index;
        output[i] = table[((long)ids[i / columns] * columns) + (i % columns)] * scale;
    }
}
