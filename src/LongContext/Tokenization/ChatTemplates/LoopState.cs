namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What a loop's body knows as <c>loop</c>.</summary>
/// <param name="loop">The loop.</param>
/// <param name="items">What it runs over, filtered.</param>
/// <param name="depth">0 for a loop, 1 and more for a recursive loop's inner runs.</param>
/// <param name="scope">The scope around it.</param>
internal sealed class LoopState(Statement.For loop, IReadOnlyList<object?> items, int depth, Scope scope)
{
    private object? _changed = Undefined.Plain;

    /// <summary>The loop, for recursive calls.</summary>
    internal Statement.For Loop => loop;

    /// <summary>The scope around the loop.</summary>
    internal Scope Scope => scope;

    /// <summary>0 for a loop, more for a recursive loop's inner runs.</summary>
    internal int Depth => depth;

    /// <summary>The round, from 0.</summary>
    internal int Index { get; set; }

    /// <summary>How many rounds there are.</summary>
    internal int Length => items.Count;

    /// <summary>An attribute's value; null and false if there is none of this name.</summary>
    internal bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => Index + 1L,
            "index0" => (long)Index,
            "revindex" => (long)(Length - Index),
            "revindex0" => Length - Index - 1L,
            "first" => Index == 0,
            "last" => Index == Length - 1,
            "length" => (long)Length,
            "depth" => depth + 1L,
            "depth0" => (long)depth,
            "previtem" => Index > 0 ? items[Index - 1] : new Undefined("There is no previous item."),
            "nextitem" => Index < Length - 1 ? items[Index + 1] : new Undefined("There is no next item."),
            "cycle" => new BoundMethod(this, Cycle),
            "changed" => new BoundMethod(this, Changed),
            _ => this,
        };
        return !ReferenceEquals(value, this);
    }

    private static TemplateFunction Cycle { get; } = new("cycle", null, (context, subject, arguments) => arguments.Count > 0
        ? arguments[((LoopState)subject!).Index % arguments.Count]
        : throw context.Fail("'cycle' needs at least one argument."));

    private static TemplateFunction Changed { get; } = new("changed", null, (context, subject, arguments) =>
    {
        LoopState state = (LoopState)subject!;
        object value = new TemplateList(context, arguments.Positional, isTuple: true);
        bool changed = !Comparisons.AreEqual(context, state._changed, value);
        state._changed = value;
        return changed;
    });
}
