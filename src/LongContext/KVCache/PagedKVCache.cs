namespace LongContext.KVCache;

/// <summary>The KV cache's bookkeeping: gives sequences pages, lets them share the pages of equal beginnings, takes pages back.</summary>
/// <remarks>
/// Knows token ids and page numbers; the keys and values themselves are in the backend's storage. Only full pages are shared, and
/// nobody writes to a full page again, so nothing is ever copied. One thread.
/// </remarks>
internal sealed class PagedKVCache
{
    private readonly PrefixIndex? _index;
    private readonly PageAllocator _allocator;

    /// <summary>An empty cache.</summary>
    internal PagedKVCache(int pages, int pageSize, PrefixReuse reuse, PrefixIndex.PageHash? hash = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        PageSize = pageSize;
        _index = reuse == PrefixReuse.Enabled ? new PrefixIndex(pages, pageSize, hash) : null;
        _allocator = new PageAllocator(pages, _index);
    }

    /// <summary>Token slots of a page.</summary>
    internal int PageSize { get; }

    /// <summary>Pages in all.</summary>
    internal int Capacity => _allocator.Capacity;

    /// <summary>Pages that can be handed out, cached prefixes included.</summary>
    internal int AvailablePages => _allocator.AvailablePages;

    /// <summary>Unowned pages that hold a reusable prefix.</summary>
    internal int CachedPages => _allocator.CachedPages;

    /// <summary>Pages that <paramref name="tokens"/> tokens take.</summary>
    internal int PagesFor(int tokens) => (int)(((long)tokens + PageSize - 1) / PageSize);

    /// <summary>Gives an empty table the cached pages that hold the beginning of <paramref name="tokens"/>.</summary>
    /// <returns>Tokens found; always less than all, because the last one must be computed to have logits.</returns>
    internal int Attach(PageTable table, ReadOnlySpan<int> tokens)
    {
        if (table.Count > 0)
        {
            throw new InvalidOperationException("The sequence has pages already.");
        }

        int most = _index is null ? 0 : (tokens.Length - 1) / PageSize;
        while (table.Count < most)
        {
            int page = _index!.Find(table.LastNode, tokens.Slice(table.Count * PageSize, PageSize));
            if (page < 0)
            {
                break;
            }

            _allocator.AddReference(page);
            table.Add(page);
            table.LastNode = _index.NodeOf(page);
        }

        table.IndexedPages = table.Count;
        table.TokenSlots = table.Count * PageSize;
        return table.TokenSlots;
    }

    /// <summary>Gives the table pages for <paramref name="tokens"/> tokens in all; all of them or none.</summary>
    internal bool TryGrow(PageTable table, int tokens)
    {
        int missing = PagesFor(tokens) - table.Count;
        if (missing > _allocator.AvailablePages)
        {
            return false;
        }

        for (; missing > 0; missing--)
        {
            if (!_allocator.TryAllocate(out int page))
            {
                throw new InvalidOperationException("The page allocator has fewer pages than it counted.");
            }

            table.Add(page);
        }

        table.TokenSlots = Math.Max(table.TokenSlots, tokens);
        return true;
    }

    /// <summary>Makes pages that are full now findable for later prompts. Call after the step that wrote them.</summary>
    /// <param name="table">The sequence's pages.</param>
    /// <param name="tokens">The sequence's token ids whose keys and values are written.</param>
    internal void Commit(PageTable table, ReadOnlySpan<int> tokens)
    {
        if (_index is null)
        {
            return;
        }

        while ((table.IndexedPages + 1) * PageSize <= tokens.Length)
        {
            int own = table.Pages[table.IndexedPages];
            ReadOnlySpan<int> ids = tokens.Slice(table.IndexedPages * PageSize, PageSize);
            int known = _index.Find(table.LastNode, ids);
            if (known < 0)
            {
                table.LastNode = _index.Add(own, table.LastNode, ids);
            }
            else
            {
                // Another sequence computed the same page first: share that one, so that owners of a page own its parents too.
                _allocator.AddReference(known);
                table.Replace(table.IndexedPages, known);
                _allocator.Release(own);
                table.LastNode = _index.NodeOf(known);
            }

            table.IndexedPages++;
        }
    }

    /// <summary>Takes all pages back; shared ones stay with their other owners, findable ones stay cached.</summary>
    internal void Release(PageTable table)
    {
        for (int i = table.Count - 1; i >= 0; i--)
        {
            _allocator.Release(table.Pages[i]); // children before parents: a parent is never evicted first
        }

        table.Clear();
    }

    /// <summary>Checks all invariants; <paramref name="tables"/> are all tables there are.</summary>
    /// <exception cref="InvalidOperationException">One is broken.</exception>
    internal void Verify(IEnumerable<PageTable> tables)
    {
        int[] owners = new int[Capacity];
        int[] writers = new int[Capacity];
        foreach (PageTable table in tables)
        {
            if (table.Count != PagesFor(table.TokenSlots))
            {
                throw new InvalidOperationException($"A sequence of {table.TokenSlots} token slots has {table.Count} pages.");
            }

            for (int i = 0; i < table.Count; i++)
            {
                int page = table.Pages[i];
                owners[page]++;
                writers[page] += i >= table.IndexedPages ? 1 : 0;
            }
        }

        _allocator.Verify(owners);
        VerifyPrefixes(owners, writers);
    }

    private void VerifyPrefixes(int[] owners, int[] writers)
    {
        HashSet<long> nodes = [PrefixIndex.Root];
        for (int page = 0; page < Capacity; page++)
        {
            if (_index?.Contains(page) == true)
            {
                nodes.Add(_index.NodeOf(page));
            }
        }

        for (int page = 0; page < Capacity; page++)
        {
            bool indexed = _index?.Contains(page) == true;
            if (writers[page] > 0 && (owners[page] > 1 || indexed))
            {
                throw new InvalidOperationException($"Page {page} is still written to, but {owners[page]} sequences own it or others can find it.");
            }

            if (indexed && !nodes.Contains(_index!.ParentOf(page)))
            {
                throw new InvalidOperationException($"Page {page} is in the prefix index, but the page before it is not.");
            }
        }
    }
}
