namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Where the keys and values of one layer lie: addresses only, for kernels.</summary>
/// <remarks>
/// Three planes, one after the other: keys [kvHeads, pages, keyBytes], values [kvHeads, pages, valueBytes], numbers of tokens [kvHeads, pages, scaleBytes].
/// Neighbouring pages of a head are thus one run of memory, and decode, which waits for memory, reads runs as long as a sequence's pages were free side by side.
/// In its plane a page's tokens of one head lie together: keys transposed, [headDim][pageSize], so that scores of neighbouring tokens fill a vector;
/// values [pageSize][paddedHeadDim], so that the features of the weighted sum do. Under <see cref="KVPageLayout.Pairs"/> two rows
/// of either are laced, element by element; the sizes are the same. Under <see cref="KVPageLayout.Bytes"/> four are, of one byte each,
/// and only then has the third plane anything: [3][pageSize] floats, the scale of each key, log₂ of the scale of each value, and 1 over it.
/// </remarks>
internal readonly unsafe struct KVPages
{
    private readonly byte* _keys, _values, _scales;
    private readonly long _keyBytes, _valueBytes, _scaleBytes;
    private readonly long _pages;

    internal KVPages(byte* layer, int kvHeads, int pages, long keyBytes, long valueBytes, long scaleBytes)
    {
        _keys = layer;
        _values = _keys + (keyBytes * kvHeads * pages);
        _scales = _values + (valueBytes * kvHeads * pages);
        (_pages, _keyBytes, _valueBytes, _scaleBytes) = (pages, keyBytes, valueBytes, scaleBytes);
    }

    /// <summary>[headDim][pageSize], or [headDim / 2][pageSize][2].</summary>
    internal byte* Keys(long page, int head) => _keys + (Block(page, head) * _keyBytes);

    /// <summary>[pageSize][paddedHeadDim], or [pageSize / 2][paddedHeadDim][2].</summary>
    internal byte* Values(long page, int head) => _values + (Block(page, head) * _valueBytes);

    /// <summary>[3][pageSize], of pages of bytes.</summary>
    internal float* Scales(long page, int head) => (float*)(_scales + (Block(page, head) * _scaleBytes));

    /// <summary>Makes a page's keys and values quick to fetch: see <see cref="Prefetch.Locate"/>.</summary>
    internal void Locate(long page, int head)
    {
        Prefetch.Locate(Keys(page, head), _keyBytes);
        Prefetch.Locate(Values(page, head), _valueBytes);
    }

    private long Block(long page, int head) => (head * _pages) + page;
}
