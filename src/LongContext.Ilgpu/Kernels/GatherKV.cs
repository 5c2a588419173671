using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>Reads cached keys and values back as floats, one thread an element. The inverse of <see cref="AppendKV"/>.</summary>
internal static class GatherKV
{
    /// <param name="index">Element of <paramref name="k"/> and <paramref name="v"/>.</param>
    /// <param name="slots">[rows, kvHeads].</param>
    /// <param name="keys">The layer's keys.</param>
    /// <param name="values">The layer's values.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="headDim">Features of a head.</param>
    /// <param name="k">[rows, kvHeads, headDim].</param>
    /// <param name="v">[rows, kvHeads, headDim].</param>
    internal static void Kernel(
        Index1D index, ArrayView<int> slots, CachedVectors keys, CachedVectors values, int kvHeads, int headDim, ArrayView<float> k,
        ArrayView<float> v)
    {
        int i = index;
        int entry = i / headDim;
        long source = ((((long)slots[entry] * kvHeads) + (entry % kvHeads)) * headDim) + (i % headDim);
        k[i] = keys.Load(source);
        v[i] = values.Load(source);
    }
}
