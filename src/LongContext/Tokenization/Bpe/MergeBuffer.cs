namespace LongContext.Tokenization.Bpe;

/// <summary>The symbols of one word while they are merged. Kept for the words of one call; not thread-safe.</summary>
/// <remarks>Merging n symbols takes O(n log n) time, whatever the word.</remarks>
internal sealed class MergeBuffer
{
    private readonly MergeHeap _heap = new();
    private Symbol[] _symbols = new Symbol[64];

    /// <summary>Symbols put in; after merging some of them are gone.</summary>
    internal int Count { get; private set; }

    /// <summary>Begins a new word.</summary>
    internal void Clear() => Count = 0;

    /// <summary>Appends a symbol.</summary>
    /// <param name="id">Its token, or −1.</param>
    /// <param name="start">Where it begins in the word.</param>
    internal void Add(int id, int start)
    {
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, checked(_symbols.Length * 2));
        }

        _symbols[Count] = new Symbol { Id = id, Start = start, Previous = Count - 1, Next = Count + 1 };
        Count++;
    }

    /// <summary>Merges until no rule applies.</summary>
    internal void Merge(IMergeRules rules, ReadOnlySpan<char> word)
    {
        for (int i = 0; i < Count; i++)
        {
            if (Rank(rules, word, i))
            {
                _heap.Append(_symbols[i].Rank, i);
            }
        }

        _heap.Order();
        while (_heap.TryPop(out int rank, out int position))
        {
            ref Symbol left = ref _symbols[position];
            if (left.Rank != rank)
            {
                continue; // the pair is no more
            }

            ref Symbol right = ref _symbols[left.Next];
            left.Id = left.Merged;
            left.Next = right.Next;
            right.Rank = -1;
            if (left.Next < Count)
            {
                _symbols[left.Next].Previous = position;
            }

            Update(rules, word, position);
            if (left.Previous >= 0)
            {
                Update(rules, word, left.Previous);
            }
        }
    }

    /// <summary>The symbol at <paramref name="index"/> and where its text ends; <paramref name="index"/> moves on to the next.</summary>
    internal int Take(ref int index, int wordLength, out int start, out int end)
    {
        ref Symbol symbol = ref _symbols[index];
        start = symbol.Start;
        end = EndOf(index, wordLength);
        index = symbol.Next;
        return symbol.Id;
    }

    private void Update(IMergeRules rules, ReadOnlySpan<char> word, int index)
    {
        if (Rank(rules, word, index))
        {
            _heap.Push(_symbols[index].Rank, index);
        }
    }

    private bool Rank(IMergeRules rules, ReadOnlySpan<char> word, int index)
    {
        ref Symbol symbol = ref _symbols[index];
        symbol.Rank = symbol.Next < Count
            ? rules.Find(symbol.Id, _symbols[symbol.Next].Id, word[symbol.Start..EndOf(symbol.Next, word.Length)], out symbol.Merged)
            : -1;
        return symbol.Rank >= 0;
    }

    private int EndOf(int index, int wordLength)
    {
        int next = _symbols[index].Next;
        return next < Count ? _symbols[next].Start : wordLength;
    }

    /// <summary>A token of the word so far, linked to its neighbours, and the rank of its merge with the next.</summary>
    private struct Symbol
    {
        internal int Id;
        internal int Start;
        internal int Previous;
        internal int Next;
        internal int Rank;
        internal int Merged;
    }
}
