using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>Writes new keys and values into their slots, one thread an element.</summary>
internal static class AppendKV
{
    /// <param name="index">Element of <paramref name="k"/> and <paramref name="v"/>.</param>
    /// <param name="k">[tokens, kvHeads, headDim].</param>
    /// <param name="v">[tokens, kvHeads, headDim].</param>
    /// <param name="slots">[tokens].</param>
    /// <param name="rowLength">kvHeads · headDim.</param>
    /// <param name="keys">The layer's keys.</param>
    /// <param name="values">The layer's values.</param>
    internal static void Kernel(
        Index1D index, ArrayView<float> k, ArrayView<float> v, ArrayView<long> slots, int rowLength, CachedVectors keys, CachedVectors values)
    {
        int i = index;
        long target = (slots[i / rowLength] * rowLength) + (i % rowLength);
        keys.Store(target, k[i]);
        values.Store(target, v[i]);
    }
}
