using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>The only place where sizes declared by files are multiplied, added or rounded up. Nothing wraps.</summary>
internal static class TensorSize
{
    /// <summary>Bytes of a tensor, or null if they do not fit in 63 bits.</summary>
    /// <param name="format">Elements and bytes of a block; the element count must be whole blocks (the caller checks the row).</param>
    /// <param name="dimensions">In any order.</param>
    internal static long? ByteCount(BlockFormat format, ReadOnlySpan<ulong> dimensions)
    {
        UInt128 elements = 1;
        bool empty = false;
        foreach (ulong dimension in dimensions)
        {
            empty |= dimension == 0;
            elements *= Math.Max(dimension, 1); // below 2^127: both factors are below 2^63 and 2^64
            if (elements > long.MaxValue)
            {
                return null;
            }
        }

        UInt128 bytes = empty ? 0 : elements / (uint)format.ElementsPerBlock * (uint)format.BytesPerBlock;
        return bytes <= long.MaxValue ? (long)bytes : null;
    }

    /// <summary>A position rounded up to a multiple of <paramref name="alignment"/>, or null if it does not fit in 63 bits.</summary>
    internal static long? AlignUp(long position, long alignment)
    {
        Int128 aligned = ((Int128)position + alignment - 1) / alignment * alignment;
        return aligned <= long.MaxValue ? (long)aligned : null;
    }

    /// <summary>True if <paramref name="byteCount"/> bytes at start + offset end within <paramref name="length"/>.</summary>
    internal static bool Fits(long start, ulong offset, long byteCount, long length) =>
        (Int128)start + offset + byteCount <= length;
}
