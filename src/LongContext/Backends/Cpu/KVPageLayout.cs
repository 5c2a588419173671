namespace LongContext.Backends.Cpu;

/// <summary>How the elements of a cache page's keys and values lie.</summary>
internal enum KVPageLayout
{
    /// <summary>Keys [headDim][pageSize], values [pageSize][paddedHeadDim]: what managed vector code reads.</summary>
    Rows,

    /// <summary>Keys [headDim / 2][pageSize][2], values [pageSize / 2][paddedHeadDim][2]: bfloat16 in the pairs that a dot product takes.</summary>
    Pairs,
}
