namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Where the keys and values of one layer lie: addresses only, for kernels.</summary>
/// <remarks>
/// A page's tokens of one head lie together: keys transposed, [headDim][pageSize], so that scores of neighbouring tokens fill a vector;
/// then values, [pageSize][paddedHeadDim], so that the features of the weighted sum do. Under <see cref="KVPageLayout.Pairs"/> two rows
/// of either are laced, element by element; the sizes are the same. Under <see cref="KVPageLayout.Bytes"/> four are, of one byte each,
/// and numbers of the page's tokens follow: [3][pageSize] floats, the scale of each key, log₂ of the scale of each value, and 1 over it.
/// </remarks>
internal readonly unsafe struct KVPages
{
    private readonly byte* _layer;
    private readonly long _blockBytes;
    private readonly long _keyBytes;
    private readonly long _valueBytes;
    private readonly int _kvHeads;

    internal KVPages(byte* layer, long blockBytes, long keyBytes, long valueBytes, int kvHeads)
    {
        _layer = layer;
        _blockBytes = blockBytes;
        _keyBytes = keyBytes;
        _valueBytes = valueBytes;
        _kvHeads = kvHeads;
    }

    /// <summary>[headDim][pageSize], or [headDim / 2][pageSize][2].</summary>
    internal byte* Keys(long page, int head) => _layer + (((page * _kvHeads) + head) * _blockBytes);

    /// <summary>[pageSize][paddedHeadDim], or [pageSize / 2][paddedHeadDim][2].</summary>
    internal byte* Values(long page, int head) => Keys(page, head) + _keyBytes;

    /// <summary>[3][pageSize], of pages of bytes.</summary>
    internal float* Scales(long page, int head) => (float*)(Keys(page, head) + _keyBytes + _valueBytes);
}
