namespace LongContext.Backends;

/// <summary>The ragged batch of one step as index arrays (names as in FlashInfer and vLLM). Filled anew every step, grows, never shrinks.</summary>
/// <remarks>Integers only; prefill rows and decode rows together. Not thread-safe.</remarks>
public sealed class AttentionBatch
{
    private readonly List<int> _qoIndptr = [0];
    private readonly List<int> _kvIndptr = [0];
    private readonly List<int> _kvPageIndices = [];
    private readonly List<int> _kvLengths = [];
    private readonly List<long> _slotMapping = [];
    private readonly List<AttentionItem> _items = [];
    private bool _hasQueriesAlone;

    /// <summary>Token slots of a page.</summary>
    public required int PageSize { get; init; }

    /// <summary>Sequences in the batch.</summary>
    public int SequenceCount => _kvLengths.Count;

    /// <summary>Query rows in the batch: all sequences' tokens of this step.</summary>
    public int TokenCount => _slotMapping.Count;

    /// <summary>[sequences + 1]: sequence s has query rows QoIndptr[s] to QoIndptr[s + 1].</summary>
    public ReadOnlySpan<int> QoIndptr => Span(_qoIndptr);

    /// <summary>[sequences + 1]: sequence s has pages KVPageIndices[KVIndptr[s]] to [KVIndptr[s + 1]].</summary>
    public ReadOnlySpan<int> KVIndptr => Span(_kvIndptr);

    /// <summary>Page numbers, sequence after sequence, in token order.</summary>
    public ReadOnlySpan<int> KVPageIndices => Span(_kvPageIndices);

    /// <summary>[sequences]: cached tokens, those of this step included.</summary>
    public ReadOnlySpan<int> KVLengths => Span(_kvLengths);

    /// <summary>[tokens]: the cache slot (page · PageSize + offset) that each token's key and value go to; −1: it is not cached here.</summary>
    public ReadOnlySpan<long> SlotMapping => Span(_slotMapping);

    /// <summary>False when some rows are not cached here: then the plan is for attention only.</summary>
    public bool CanAppend => !_hasQueriesAlone;

    /// <summary>The attention work.</summary>
    public ReadOnlySpan<AttentionItem> Items => Span(_items);

    /// <summary>Forgets the last step.</summary>
    public void Clear()
    {
        _qoIndptr.RemoveRange(1, _qoIndptr.Count - 1);
        _kvIndptr.RemoveRange(1, _kvIndptr.Count - 1);
        _kvPageIndices.Clear();
        _kvLengths.Clear();
        _slotMapping.Clear();
        _items.Clear();
        _hasQueriesAlone = false;
    }

    /// <summary>Makes room for the pages of all sequences together, so that growing sequences do not make a later step do it.</summary>
    internal void ReservePages(int pages) => _kvPageIndices.EnsureCapacity(pages);

    /// <summary>Adds a sequence: its pages, its cached tokens after this step, and how many of them are this step's.</summary>
    /// <returns>The sequence's index in the batch.</returns>
    /// <exception cref="ArgumentException">The pages do not hold the tokens.</exception>
    public int AddSequence(ReadOnlySpan<int> pages, int kvLength, int newTokens)
    {
        if (newTokens < 0 || newTokens > kvLength || (long)pages.Length * PageSize < kvLength)
        {
            throw new ArgumentException(
                $"{pages.Length} pages of {PageSize} slots cannot hold {kvLength} tokens, {newTokens} of them new.", nameof(pages));
        }

        for (int i = kvLength - newTokens; i < kvLength; i++)
        {
            _slotMapping.Add(((long)pages[i / PageSize] * PageSize) + (i % PageSize));
        }

        return Close(pages, kvLength);
    }

    /// <summary>Adds query rows alone, whose own keys and values are elsewhere, with cached tokens for them to attend to.</summary>
    /// <param name="pages">Pages of the cached tokens.</param>
    /// <param name="kvLength">Cached tokens; may be 0.</param>
    /// <param name="rows">Query rows. A plan with such rows is for attention only.</param>
    /// <returns>The index in the batch, as of a sequence.</returns>
    /// <exception cref="ArgumentException">The pages do not hold the tokens.</exception>
    public int AddQueries(ReadOnlySpan<int> pages, int kvLength, int rows)
    {
        if (rows < 0 || kvLength < 0 || (long)pages.Length * PageSize < kvLength)
        {
            throw new ArgumentException($"{pages.Length} pages of {PageSize} slots cannot hold {kvLength} tokens for {rows} rows.", nameof(pages));
        }

        _hasQueriesAlone |= rows > 0;
        for (int i = 0; i < rows; i++)
        {
            _slotMapping.Add(-1);
        }

        return Close(pages, kvLength);
    }

    /// <summary>Adds a piece of attention work.</summary>
    public void AddItem(in AttentionItem item) => _items.Add(item);

    private int Close(ReadOnlySpan<int> pages, int kvLength)
    {
        foreach (int page in pages)
        {
            _kvPageIndices.Add(page);
        }

        _kvLengths.Add(kvLength);
        _qoIndptr.Add(TokenCount);
        _kvIndptr.Add(_kvPageIndices.Count);
        return SequenceCount - 1;
    }

    private static ReadOnlySpan<T> Span<T>(List<T> list) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list);
}
