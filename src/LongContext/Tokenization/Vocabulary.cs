namespace LongContext.Tokenization;

/// <summary>The texts of a model's tokens and their ids. Does not know what a text means.</summary>
internal sealed class Vocabulary
{
    /// <summary>No id is this high: over ten times the largest vocabulary in use, and 64 MB of references.</summary>
    internal const int MaxSize = 1 << 22;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<string?> _texts;
    private readonly string _file;

    /// <summary>An empty vocabulary, to be filled.</summary>
    /// <param name="file">Where it comes from, for messages.</param>
    /// <param name="capacity">Tokens expected.</param>
    internal Vocabulary(string file, int capacity)
    {
        _file = file;
        _ids = new(capacity, StringComparer.Ordinal);
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _texts = new(capacity);
    }

    /// <summary>One above the highest id.</summary>
    internal int Size => _texts.Count;

    /// <summary>Adds a token.</summary>
    /// <exception cref="ModelFormatException">The id is out of range, or id or text are taken.</exception>
    internal void Add(string text, long id)
    {
        if (id is < 0 or >= MaxSize)
        {
            throw new ModelFormatException(_file, "vocab", $"token '{text}' has id {id}; ids must be 0 to {MaxSize - 1}.");
        }

        while (_texts.Count <= id)
        {
            _texts.Add(null);
        }

        if (_texts[(int)id] is { } other)
        {
            throw new ModelFormatException(_file, "vocab", $"id {id} is given to both '{other}' and '{text}'.");
        }

        if (!_ids.TryAdd(text, (int)id))
        {
            throw new ModelFormatException(_file, "vocab", $"'{text}' has two ids, {_ids[text]} and {id}.");
        }

        _texts[(int)id] = text;
    }

    /// <summary>The id of a text, or −1.</summary>
    internal int Find(ReadOnlySpan<char> text) => _lookup.TryGetValue(text, out int id) ? id : -1;

    /// <summary>The text of an id; null for an unused one.</summary>
    internal string? TextOf(int id) => (uint)id < (uint)_texts.Count ? _texts[id] : null;
}
