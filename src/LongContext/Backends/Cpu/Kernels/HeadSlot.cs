using System.Runtime.CompilerServices;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Writes one token's key and value of a head into a page of bytes, and reads them back.</summary>
internal readonly unsafe struct HeadSlot
{
    private readonly byte* _key;
    private readonly sbyte* _value;
    private readonly float* _scales;
    private readonly int _pageSize;

    /// <summary>Slot <paramref name="offset"/> of a page.</summary>
    internal HeadSlot(in KVPages pages, long page, int head, long offset, int pageSize, int paddedHeadDim)
    {
        (long part, long line) = Math.DivRem(offset, pageSize / 4);
        _key = pages.Keys(page, head) + (4 * offset);
        _value = (sbyte*)pages.Values(page, head) + (line * 4 * paddedHeadDim) + part;
        _scales = pages.Scales(page, head) + offset;
        _pageSize = pageSize;
    }

    /// <summary>Writes both; <paramref name="scratch"/> has room for a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Store(float* key, float* value, int headDim, float* scratch)
    {
        new ReadOnlySpan<float>(key, headDim).CopyTo(new Span<float>(scratch, headDim));
        HeadCodes.Turn(scratch, headDim);
        _scales[0] = HeadCodes.Scale(new ReadOnlySpan<float>(scratch, headDim), out float inverse);
        for (int d = 0; d < headDim; d++)
        {
            _key[KeyOffset(d)] = (byte)(HeadCodes.Round(scratch[d] * inverse) + HeadCodes.KeyOffset);
        }

        float scale = HeadCodes.Scale(new ReadOnlySpan<float>(value, headDim), out inverse);
        (_scales[_pageSize], _scales[2 * _pageSize]) = (MathF.Log2(scale), 1 / scale);
        for (int d = 0; d < headDim; d++)
        {
            _value[4L * d] = (sbyte)HeadCodes.Round(value[d] * inverse);
        }
    }

    /// <summary>Reads both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Load(float* key, float* value, int headDim)
    {
        (float keyScale, float valueScale) = (_scales[0], 1 / _scales[2 * _pageSize]);
        for (int d = 0; d < headDim; d++)
        {
            key[d] = (_key[KeyOffset(d)] - HeadCodes.KeyOffset) * keyScale;
            value[d] = _value[4L * d] * valueScale;
        }

        HeadCodes.Turn(key, headDim);
    }

    private long KeyOffset(int feature) => (feature / 4 * 4L * _pageSize) + (feature % 4);
}
