namespace LongContext.KVCache;

/// <summary>Who owns which page: free list, reference counts, and the unowned pages kept because a later prompt may begin alike.</summary>
/// <remarks>
/// A page is exactly one of: free; owned (one or more references); cached (no references, but in the prefix index; evicted, least
/// recently used first, when the free list is empty). Knows no tokens and no memory.
/// </remarks>
internal sealed class PageAllocator
{
    private const int None = -1;

    private readonly PrefixIndex? _index;
    private readonly int[] _references;
    private readonly int[] _free;   // a stack
    private readonly int[] _older;  // links of the cached pages' list
    private readonly int[] _newer;
    private int _oldest = None;
    private int _newest = None;

    /// <summary>All pages free.</summary>
    /// <param name="capacity">Pages.</param>
    /// <param name="index">Where full pages may be found again, or null when nothing is shared.</param>
    internal PageAllocator(int capacity, PrefixIndex? index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        (Capacity, _index) = (capacity, index);
        (_references, _free, _older, _newer) = (new int[capacity], new int[capacity], new int[capacity], new int[capacity]);
        for (int i = 0; i < capacity; i++)
        {
            _free[i] = capacity - 1 - i; // page 0 is handed out first
        }

        FreePages = capacity;
    }

    /// <summary>Pages in all.</summary>
    internal int Capacity { get; }

    /// <summary>Pages that hold nothing.</summary>
    internal int FreePages { get; private set; }

    /// <summary>Unowned pages that hold a reusable prefix.</summary>
    internal int CachedPages { get; private set; }

    /// <summary>Pages that <see cref="TryAllocate"/> can hand out.</summary>
    internal int AvailablePages => FreePages + CachedPages;

    /// <summary>References to a page.</summary>
    internal int ReferencesOf(int page) => _references[page];

    /// <summary>Takes a page with one reference; evicts the least recently used cached one if no page is free.</summary>
    internal bool TryAllocate(out int page)
    {
        if (FreePages > 0)
        {
            page = _free[--FreePages];
        }
        else if (_oldest != None)
        {
            page = _oldest;
            Unlink(page);
            _index!.Remove(page);
        }
        else
        {
            page = None;
            return false;
        }

        _references[page] = 1;
        return true;
    }

    /// <summary>One more owner of an owned or cached page.</summary>
    internal void AddReference(int page)
    {
        if (_references[page] == 0)
        {
            if (_index is null || !_index.Contains(page))
            {
                throw new InvalidOperationException($"Page {page} is free and cannot be shared.");
            }

            Unlink(page);
        }

        _references[page]++;
    }

    /// <summary>One owner less; the last one leaves the page cached if the prefix index knows it, else free.</summary>
    internal void Release(int page)
    {
        if (_references[page] <= 0)
        {
            throw new InvalidOperationException($"Page {page} has no owner to release it.");
        }

        if (--_references[page] > 0)
        {
            return;
        }

        if (_index is not null && _index.Contains(page))
        {
            Link(page);
        }
        else
        {
            _free[FreePages++] = page;
        }
    }

    /// <summary>Checks every invariant against the owners' own lists.</summary>
    /// <exception cref="InvalidOperationException">One is broken.</exception>
    internal void Verify(ReadOnlySpan<int> ownersOfPage)
    {
        Span<bool> seen = new bool[Capacity];
        for (int i = 0; i < FreePages; i++)
        {
            Claim(seen, _free[i], _references[_free[i]] == 0 && _index?.Contains(_free[i]) != true, "free");
        }

        int cached = 0;
        for (int page = _oldest; page != None; page = _newer[page])
        {
            Claim(seen, page, _references[page] == 0 && _index!.Contains(page), "cached");
            cached++;
        }

        Require(cached == CachedPages, $"{cached} pages are in the cached list, {CachedPages} were counted");
        for (int page = 0; page < Capacity; page++)
        {
            Require(_references[page] == ownersOfPage[page], $"page {page} has {_references[page]} references and {ownersOfPage[page]} owners");
            Require(seen[page] == (_references[page] == 0), $"page {page} is neither free, cached nor owned, or more than one of them");
        }
    }

    private static void Claim(Span<bool> seen, int page, bool holds, string state)
    {
        Require(holds && !seen[page], $"page {page} is listed as {state} wrongly");
        seen[page] = true;
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The page allocator is broken: {otherwise}.");
        }
    }

    private void Link(int page)
    {
        (_older[page], _newer[page]) = (_newest, None);
        _ = _newest == None ? (_oldest = page) : (_newer[_newest] = page);
        _newest = page;
        CachedPages++;
    }

    private void Unlink(int page)
    {
        _ = _older[page] == None ? (_oldest = _newer[page]) : (_newer[_older[page]] = _newer[page]);
        _ = _newer[page] == None ? (_newest = _older[page]) : (_older[_newer[page]] = _older[page]);
        CachedPages--;
    }
}
