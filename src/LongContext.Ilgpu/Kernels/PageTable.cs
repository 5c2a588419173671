using ILGPU;

namespace LongContext.Ilgpu.Kernels;

/// <summary>Which pages hold which sequence's tokens.</summary>
internal struct PageTable
{
    /// <summary>[sequences + 1]: where a sequence's pages start.</summary>
    internal ArrayView<int> KVIndptr;

    /// <summary>Page numbers in token order.</summary>
    internal ArrayView<int> Pages;

    /// <summary>Slots of a page.</summary>
    internal int PageSize;

    /// <summary>Cache slot of a sequence's cached token.</summary>
    internal readonly long Slot(int sequence, int key) =>
        ((long)Pages[KVIndptr[sequence] + (key / PageSize)] * PageSize) + (key % PageSize);
}
