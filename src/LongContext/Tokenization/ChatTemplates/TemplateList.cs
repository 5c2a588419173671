namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A list or tuple. It never changes, so it cannot hold itself.</summary>
internal sealed class TemplateList
{
    /// <summary>A list of items, which must not change afterwards.</summary>
    internal TemplateList(RenderContext context, IReadOnlyList<object?> items, bool isTuple = false)
    {
        context.Step(items.Count);
        Items = items;
        IsTuple = isTuple;
        Depth = context.DepthAround(items);
    }

    /// <summary>The tuple without items.</summary>
    internal static TemplateList EmptyTuple { get; } = new(new RenderContext(TimeProvider.System), [], isTuple: true);

    /// <summary>The items.</summary>
    internal IReadOnlyList<object?> Items { get; }

    /// <summary>Written with round brackets, and unequal to any list.</summary>
    internal bool IsTuple { get; }

    /// <summary>Levels of lists and dictionaries, this one included.</summary>
    internal int Depth { get; }
}
