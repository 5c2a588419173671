namespace LongContext.Backends.Cpu;

/// <summary>How the elements of a cache page's keys and values lie.</summary>
internal enum KVPageLayout
{
    /// <summary>Keys [headDim][pageSize], values [pageSize][paddedHeadDim]: what managed vector code reads.</summary>
    Rows,

    /// <summary>Keys [headDim / 2][pageSize][2], values [pageSize / 2][paddedHeadDim][2]: bfloat16 in the pairs that a dot product takes.</summary>
    Pairs,

    /// <summary>
    /// Bytes: keys [headDim / 4][pageSize][4] plus 128, values [pageSize / 4][paddedHeadDim][4], then three floats a token, see <see cref="Kernels.KVPages"/>.
    /// A value's four are a quarter of the page apart: tokens t, t + pageSize / 4 and so on, as weights come out of a vector's lanes.
    /// </summary>
    Bytes,
}
