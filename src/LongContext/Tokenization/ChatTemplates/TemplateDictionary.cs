namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A dictionary that keeps its order. It never changes, so it cannot hold itself.</summary>
internal sealed class TemplateDictionary
{
    private readonly OrderedDictionary<DictionaryKey, object?> _items;

    /// <summary>A dictionary of items; a later one replaces an earlier one of the same key, at its place.</summary>
    internal TemplateDictionary(RenderContext context, IReadOnlyCollection<KeyValuePair<object?, object?>> items)
    {
        context.Step(items.Count);
        _items = new OrderedDictionary<DictionaryKey, object?>(items.Count);
        foreach ((object? key, object? value) in items)
        {
            _items[DictionaryKey.Of(context, key)] = value;
        }

        Depth = context.DepthAround(_items.Values);
    }

    /// <summary>The dictionary without items.</summary>
    internal static TemplateDictionary Empty { get; } = new(new RenderContext(TimeProvider.System), []);

    /// <summary>How many.</summary>
    internal int Count => _items.Count;

    /// <summary>Levels of lists and dictionaries, this one included.</summary>
    internal int Depth { get; }

    /// <summary>Keys and values, in order.</summary>
    internal IEnumerable<KeyValuePair<object?, object?>> Items =>
        _items.Select(item => new KeyValuePair<object?, object?>(item.Key.Value, item.Value));

    /// <summary>The keys, in order.</summary>
    internal IEnumerable<object?> Keys => _items.Keys.Select(key => key.Value);

    /// <summary>The values, in order.</summary>
    internal IEnumerable<object?> Values => _items.Values;

    /// <summary>Looks a key up.</summary>
    internal bool TryGet(RenderContext context, object? key, out object? value) =>
        _items.TryGetValue(DictionaryKey.Of(context, key), out value);
}
