using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Reference;

/// <summary>[layer][slot][kvHead][headDim] floats, keys and values apart; rounded as the cache's type is when stored.</summary>
internal sealed class ReferenceKVCache(KVCacheShape shape) : KVCacheStorage(shape)
{
    private readonly float[] _keys = new float[Size(shape)];
    private readonly float[] _values = new float[Size(shape)];

    public override long ByteCount => ByteCountOf(Shape);

    internal static long ByteCountOf(KVCacheShape shape) => 2L * sizeof(float) * Size(shape);

    internal Span<float> Key(int layer, long slot, int head) => _keys.AsSpan(Offset(layer, slot, head), Shape.HeadDim);

    internal Span<float> Value(int layer, long slot, int head) => _values.AsSpan(Offset(layer, slot, head), Shape.HeadDim);

    /// <summary>A key or value as it is kept.</summary>
    internal float[] Round(ReadOnlySpan<float> vector, bool isKey) => Rounded(vector.ToArray(), Shape.Type, isKey);

    /// <summary>A key or value as a cache of a type keeps it.</summary>
    internal static float[] Rounded(float[] vector, DType type, bool isKey) => type switch
    {
        DType.BF16 => [.. vector.Select(RoundToBF16)],
        DType.Q8_0 => [.. RoundToBytes([.. vector.Select(x => (double)x)], isKey).Select(x => (float)x)],
        _ => vector,
    };

    /// <summary>The nearest bfloat16, ties to even.</summary>
    internal static float RoundToBF16(float value)
    {
        if (!float.IsFinite(value))
        {
            return value;
        }

        double step = Math.ScaleB(1, Math.Max(value == 0 ? -126 : Math.ILogB(value), -126) - 7);
        return (float)(Math.Round(value / step, MidpointRounding.ToEven) * step);
    }

    /// <summary>A vector as bytes of one scale, the largest magnitude ±127; keys are multiplied by a Hadamard matrix before, and by its inverse after.</summary>
    internal static double[] RoundToBytes(double[] vector, bool isTurned)
    {
        double[] x = isTurned ? Turned(vector) : vector;
        double scale = Math.Max(x.Max(Math.Abs), 1e-28) / 127;
        x = [.. x.Select(value => Math.Round(value / scale) * scale)];
        return isTurned ? Turned(x) : x;
    }

    /// <summary>Blocks as long as the largest power of two that divides the length, each times the matrix of (−1)^(bits that both numbers have) / √length.</summary>
    private static double[] Turned(double[] x)
    {
        int block = 1;
        while (x.Length % (2 * block) == 0)
        {
            block *= 2;
        }

        return [.. Enumerable.Range(0, x.Length).Select(i => Enumerable.Range(0, block).Sum(
            j => x[(i / block * block) + j] * ((System.Numerics.BitOperations.PopCount((uint)(i % block & j)) % 2 * -2) + 1)) / Math.Sqrt(block))];
    }

    protected override void Dispose(bool disposing)
    {
    }

    private static int Size(KVCacheShape shape) =>
        checked(shape.Layers * shape.Pages * shape.PageSize * shape.KVHeads * shape.HeadDim);

    private int Offset(int layer, long slot, int head) =>
        checked((int)((((((long)layer * Shape.Pages * Shape.PageSize) + slot) * Shape.KVHeads) + head) * Shape.HeadDim));
}
