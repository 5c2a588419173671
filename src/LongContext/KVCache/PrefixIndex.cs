namespace LongContext.KVCache;

/// <summary>Finds full pages by what they hold: the token ids in them and all token ids before them.</summary>
/// <remarks>
/// A tree: a page's key is its parent's node and its own ids. Hashes only narrow the search; ids are always compared, so that two
/// prompts never share a page by accident or by attack. Node numbers are never used twice: a child of an evicted page cannot be found
/// under another page that took its place. Knows no reference counts.
/// </remarks>
internal sealed class PrefixIndex
{
    /// <summary>The parent of first pages.</summary>
    internal const long Root = 0;

    private const int None = -1;

    private readonly int _pageSize;
    private readonly PageHash _hash;
    private readonly Dictionary<int, int> _firstOfHash;
    private readonly int[] _nextOfHash;
    private readonly int[] _hashes;
    private readonly long[] _nodes;   // 0: the page is not in the index
    private readonly long[] _parents;
    private readonly int[] _tokens;   // [pages, pageSize]
    private long _lastNode = Root;

    /// <summary>An empty index over <paramref name="pages"/> pages.</summary>
    internal PrefixIndex(int pages, int pageSize, PageHash? hash = null)
    {
        _pageSize = pageSize;
        _hash = hash ?? DefaultHash;
        (_nextOfHash, _hashes, _nodes, _parents) = (new int[pages], new int[pages], new long[pages], new long[pages]);
        _tokens = new int[checked(pages * pageSize)];
        _firstOfHash = new Dictionary<int, int>(pages); // never grows in a step
    }

    /// <summary>Narrows the search; a bad one costs time, never correctness.</summary>
    internal delegate int PageHash(long parent, ReadOnlySpan<int> tokens);

    /// <summary>Pages in the index.</summary>
    internal int Count { get; private set; }

    internal bool Contains(int page) => _nodes[page] != 0;

    internal long NodeOf(int page) => _nodes[page];

    internal long ParentOf(int page) => _parents[page];

    /// <summary>The page that holds <paramref name="tokens"/> after <paramref name="parent"/>, or −1.</summary>
    internal int Find(long parent, ReadOnlySpan<int> tokens)
    {
        if (!_firstOfHash.TryGetValue(_hash(parent, tokens), out int page))
        {
            return None;
        }

        while (page != None && !(_parents[page] == parent && TokensOf(page).SequenceEqual(tokens)))
        {
            page = _nextOfHash[page];
        }

        return page;
    }

    /// <summary>Adds a full page and returns its node.</summary>
    internal long Add(int page, long parent, ReadOnlySpan<int> tokens)
    {
        if (Contains(page) || tokens.Length != _pageSize)
        {
            throw new InvalidOperationException($"Page {page} is in the prefix index already, or {tokens.Length} tokens are not a page.");
        }

        int hash = _hash(parent, tokens);
        _nextOfHash[page] = _firstOfHash.TryGetValue(hash, out int first) ? first : None;
        _firstOfHash[hash] = page;
        tokens.CopyTo(TokensOf(page));
        (_hashes[page], _parents[page], _nodes[page]) = (hash, parent, ++_lastNode);
        Count++;
        return _lastNode;
    }

    /// <summary>Forgets a page.</summary>
    internal void Remove(int page)
    {
        int hash = _hashes[page];
        int next = _nextOfHash[page];
        if (_firstOfHash[hash] == page)
        {
            _ = next == None ? _firstOfHash.Remove(hash) : (_firstOfHash[hash] = next) >= 0;
        }
        else
        {
            int before = _firstOfHash[hash];
            while (_nextOfHash[before] != page)
            {
                before = _nextOfHash[before];
            }

            _nextOfHash[before] = next;
        }

        _nodes[page] = 0;
        Count--;
    }

    private static int DefaultHash(long parent, ReadOnlySpan<int> tokens)
    {
        HashCode hash = default; // seeded anew in every process
        hash.Add(parent);
        hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(tokens));
        return hash.ToHashCode();
    }

    private Span<int> TokensOf(int page) => _tokens.AsSpan(page * _pageSize, _pageSize);
}
