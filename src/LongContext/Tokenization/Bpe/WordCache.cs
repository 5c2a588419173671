namespace LongContext.Tokenization.Bpe;

/// <summary>Remembers the tokens of short words. Lock-free: a fixed number of slots, a newer word replaces an older one.</summary>
internal sealed class WordCache
{
    /// <summary>Longer words are not kept; with <see cref="Slots"/> this bounds the cache to some 6 MB.</summary>
    internal const int MaxLength = 48;

    private const int Slots = 1 << 14;

    private readonly Entry?[] _entries = new Entry?[Slots];

    /// <summary>The tokens of a word seen before.</summary>
    internal bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        Entry? entry = Volatile.Read(ref _entries[SlotOf(word)]);
        bool found = entry is not null && word.SequenceEqual(entry.Word);
        ids = found ? entry!.Ids : default;
        return found;
    }

    /// <summary>Remembers the tokens of a word of at most <see cref="MaxLength"/> units.</summary>
    internal void Set(ReadOnlySpan<char> word, ReadOnlySpan<int> ids) =>
        Volatile.Write(ref _entries[SlotOf(word)], new Entry(word.ToString(), ids.ToArray()));

    private static int SlotOf(ReadOnlySpan<char> word) => string.GetHashCode(word) & (Slots - 1);

    private sealed record Entry(string Word, int[] Ids);
}
