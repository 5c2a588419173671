using System.Runtime.InteropServices;

namespace LongContext.KVCache;

/// <summary>The pages of one sequence, in token order. Changed by <see cref="PagedKVCache"/> only.</summary>
/// <remarks>Page i holds tokens i · pageSize to (i + 1) · pageSize − 1. Knows no token ids and no reference counts.</remarks>
internal sealed class PageTable
{
    private readonly List<int> _pages = [];

    /// <summary>Page numbers, in token order.</summary>
    internal ReadOnlySpan<int> Pages => CollectionsMarshal.AsSpan(_pages);

    /// <summary>Pages held.</summary>
    internal int Count => _pages.Count;

    /// <summary>Token slots asked for: the pages hold at least as many, and fewer than one page more.</summary>
    internal int TokenSlots { get; set; }

    /// <summary>Leading pages that are full and known to the prefix index (or need not be).</summary>
    internal int IndexedPages { get; set; }

    /// <summary>Prefix node of the last indexed page; the next full page becomes its child.</summary>
    internal long LastNode { get; set; }

    /// <summary>Makes room for as many, so that no step of the sequence has to.</summary>
    internal void Reserve(int pages) => _pages.EnsureCapacity(pages);

    internal void Add(int page) => _pages.Add(page);

    internal void Replace(int index, int page) => _pages[index] = page;

    internal void Clear()
    {
        _pages.Clear();
        (TokenSlots, IndexedPages, LastNode) = (0, 0, PrefixIndex.Root);
    }
}
