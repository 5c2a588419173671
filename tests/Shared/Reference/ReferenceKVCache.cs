using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Reference;

/// <summary>[layer][slot][kvHead][headDim] floats, keys and values apart; a BF16 cache rounds when it stores.</summary>
internal sealed class ReferenceKVCache(KVCacheShape shape) : KVCacheStorage(shape)
{
    private readonly float[] _keys = new float[Size(shape)];
    private readonly float[] _values = new float[Size(shape)];

    public override long ByteCount => ByteCountOf(Shape);

    internal static long ByteCountOf(KVCacheShape shape) => 2L * sizeof(float) * Size(shape);

    internal Span<float> Key(int layer, long slot, int head) => _keys.AsSpan(Offset(layer, slot, head), Shape.HeadDim);

    internal Span<float> Value(int layer, long slot, int head) => _values.AsSpan(Offset(layer, slot, head), Shape.HeadDim);

    internal float Round(float value) => Shape.Type == DType.BF16 ? RoundToBF16(value) : value;

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

    protected override void Dispose(bool disposing)
    {
    }

    private static int Size(KVCacheShape shape) =>
        checked(shape.Layers * shape.Pages * shape.PageSize * shape.KVHeads * shape.HeadDim);

    private int Offset(int layer, long slot, int head) =>
        checked((int)((((((long)layer * Shape.Pages * Shape.PageSize) + slot) * Shape.KVHeads) + head) * Shape.HeadDim));
}
