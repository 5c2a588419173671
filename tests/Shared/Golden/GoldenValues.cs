using System.Numerics.Tensors;
using System.Text;

namespace LongContext.Tests.Shared.Golden;

/// <summary>The values of random tensors: a pure function of seed, name and index (gen_model.py says which).</summary>
internal static class GoldenValues
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>Rows <paramref name="firstRow"/> … of <paramref name="tensor"/>, as many as <paramref name="values"/> holds.</summary>
    internal static void Fill(GoldenTensor tensor, ulong seed, long firstRow, Span<float> values)
    {
        if (tensor.Constants is { } constants)
        {
            constants.CopyTo(values);
            return;
        }

        ulong key = Fnv1a(tensor.Name) ^ unchecked(seed * Golden);
        ulong state = unchecked(key + ((ulong)(firstRow * tensor.Columns) * Golden));
        (float offset, float scale) = tensor.Kind switch
        {
            GoldenKind.Norm or GoldenKind.ShiftedNorm => (1f, 0.25f),
            GoldenKind.Bias => (0f, 0.1f),
            _ => (0f, tensor.Amplitude),
        };
        for (int i = 0; i < values.Length; i++)
        {
            state = unchecked(state + Golden);
            values[i] = offset + (scale * Uniform(state));
        }

        if (tensor.Kind == GoldenKind.ShiftedNorm)
        {
            TensorPrimitives.Subtract(values, 1f, values); // exact: adding 1 again gives the norm's weight
        }
    }

    /// <summary>All values of a tensor.</summary>
    internal static float[] Of(GoldenTensor tensor, ulong seed)
    {
        float[] values = new float[tensor.Rows * tensor.Columns];
        Fill(tensor, seed, 0, values);
        return values;
    }

    // splitmix64's finaliser; its upper 24 bits as a float in [-1, 1), exactly.
    private static float Uniform(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            return ((int)(z >> 40) * (1f / (1 << 23))) - 1f;
        }
    }

    private static ulong Fnv1a(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = unchecked((hash ^ b) * 0x100000001B3);
        }

        return hash;
    }
}
