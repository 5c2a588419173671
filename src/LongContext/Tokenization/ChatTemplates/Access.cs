namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Attributes, subscripts, slices and iteration. There is nothing to reach but what is listed here: no reflection.</summary>
internal static class Access
{
    /// <summary><c>value.name</c>: a method or attribute, else a dictionary's item.</summary>
    internal static object? Attribute(RenderContext context, object? value, string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            throw context.Fail($"The attribute '{name}' is out of a template's reach.");
        }

        object? result;
        switch (value)
        {
            case TemplateDictionary dictionary:
                return Methods.OfDictionaries.TryGetValue(name, out TemplateFunction? method) ? new BoundMethod(dictionary, method)
                    : dictionary.TryGet(context, name, out result) ? result
                    : MissingMember(context, value, name);
            case TemplateNamespace ns:
                return ns.Variables.TryGetValue(name, out result) ? result : MissingMember(context, value, name);
            case LoopState loop:
                return loop.TryGet(name, out result) ? result : MissingMember(context, value, name);
            case string:
                return Methods.OfTexts.TryGetValue(name, out method) ? new BoundMethod(value, method) : MissingMember(context, value, name);
            case TemplateList:
                return Methods.OfLists.TryGetValue(name, out method) ? new BoundMethod(value, method) : MissingMember(context, value, name);
            case MacroValue macro when name == "name":
                return macro.Name;
            case Undefined undefined:
                throw context.Fail($"'.{name}' is asked of an undefined value. {undefined.Reason}");
            default:
                return MissingMember(context, value, name);
        }
    }

    /// <summary><c>value[key]</c>: an item, else an attribute.</summary>
    internal static object? Item(RenderContext context, object? value, object? key)
    {
        switch (value)
        {
            case TemplateDictionary dictionary when key is not (TemplateList or TemplateDictionary or Undefined):
                if (dictionary.TryGet(context, key, out object? item))
                {
                    return item;
                }

                break;
            case TemplateList list when Numbers.TryInteger(key, out long index):
                index += index < 0 ? list.Items.Count : 0;
                return index >= 0 && index < list.Items.Count
                    ? list.Items[(int)index]
                    : new Undefined($"A list of {list.Items.Count} items has no item {index}.");
            case string text when Numbers.TryInteger(key, out long index):
                return Character(context, text, index);
            case Undefined undefined:
                throw context.Fail($"An item is asked of an undefined value. {undefined.Reason}");
        }

        return key is string name ? Attribute(context, value, name) : new Undefined($"{TypeNames.Of(value)} has no such item.");
    }

    /// <summary><c>value[start:stop:step]</c>.</summary>
    internal static object Slice(RenderContext context, object? value, object? start, object? stop, object? step)
    {
        if (value is string text)
        {
            int[]? offsets = CodePoints.Offsets(context, text);
            int length = offsets is null ? text.Length : offsets.Length - 1;
            if (step is null or 1L)
            {
                (int from, int to) = (Bound(context, start, length, 0), Bound(context, stop, length, length));
                context.Make(Math.Max(0, to - from));
                return from >= to ? "" : offsets is null ? text[from..to] : text[offsets[from]..offsets[to]];
            }

            TextSink sink = new(context);
            foreach (int i in Indices(context, length, start, stop, step))
            {
                sink.Append(offsets is null ? text.AsSpan(i, 1) : text.AsSpan(offsets[i], offsets[i + 1] - offsets[i]));
            }

            return sink.ToString();
        }

        if (value is TemplateList list)
        {
            List<object?> items = [];
            foreach (int i in Indices(context, list.Items.Count, start, stop, step))
            {
                items.Add(list.Items[i]);
            }

            return new TemplateList(context, items, list.IsTuple);
        }

        throw context.Fail($"{TypeNames.Of(value)} cannot be sliced.{Comparisons.Reason(value)}");
    }

    /// <summary>What a loop over the value runs over.</summary>
    internal static IReadOnlyList<object?> Iterate(RenderContext context, object? value) => value switch
    {
        TemplateList list => list.Items,
        TemplateDictionary dictionary => [.. dictionary.Keys],
        string text => CodePoints.Split(context, text),
        Undefined => [],
        _ => throw context.Fail($"{TypeNames.Of(value)} cannot be iterated over."),
    };

    /// <summary>A list of what a loop over the value runs over.</summary>
    internal static TemplateList ListOf(RenderContext context, object? value) => new(context, Iterate(context, value));

    /// <summary>Follows a path of attributes and numbers parted by dots, as <c>map(attribute='a.0.b')</c> has it.</summary>
    internal static object? Path(RenderContext context, object? value, object? path)
    {
        if (path is not string text)
        {
            return Item(context, value, path);
        }

        foreach (Range part in text.AsSpan().Split('.'))
        {
            context.Step();
            ReadOnlySpan<char> name = text.AsSpan(part);
            value = Item(context, value, char.IsAsciiDigit(name.IsEmpty ? ' ' : name[0]) && Numbers.TryParse(name, 10, out long index) ? index : name.ToString());
        }

        return value;
    }

    private static object Character(RenderContext context, string text, long index)
    {
        int[]? offsets = CodePoints.Offsets(context, text);
        int length = offsets is null ? text.Length : offsets.Length - 1;
        index += index < 0 ? length : 0;
        return index < 0 || index >= length ? new Undefined($"A text of {length} characters has no character {index}.")
            : offsets is null ? text[(int)index].ToString()
            : text[offsets[index]..offsets[index + 1]];
    }

    private static Undefined MissingMember(RenderContext context, object? value, string name) =>
        Methods.Changing.Contains(name) && value is TemplateList or TemplateDictionary
            ? throw context.Fail($"'{name}' would change {TypeNames.Of(value)}, which a template may not; use a namespace.")
            : new Undefined($"{TypeNames.Of(value)} has no '{(name.Length > 100 ? name[..100] : name)}'.");

    private static IEnumerable<int> Indices(RenderContext context, int length, object? start, object? stop, object? step)
    {
        long by = step is null ? 1 : Number(context, step);
        if (by == 0)
        {
            throw context.Fail("A slice's step is 0.");
        }

        long from = by > 0 ? Bound(context, start, length, 0) : Math.Min(BoundDown(context, start, length, length - 1), length - 1);
        long to = by > 0 ? Bound(context, stop, length, length) : BoundDown(context, stop, length, -1);
        for (long i = from; by > 0 ? i < to : i > to; i = by > length ? to : by < -length ? to : i + by)
        {
            context.Step();
            yield return (int)i;
        }
    }

    private static int Bound(RenderContext context, object? value, int length, int missing)
    {
        if (value is null)
        {
            return missing;
        }

        long bound = Number(context, value);
        return (int)Math.Clamp(bound < 0 ? bound + length : bound, 0, length);
    }

    private static long BoundDown(RenderContext context, object? value, int length, int missing)
    {
        if (value is null)
        {
            return missing;
        }

        long bound = Number(context, value);
        return Math.Clamp(bound < 0 ? bound + length : bound, -1, length);
    }

    private static long Number(RenderContext context, object? value) => Numbers.TryInteger(value, out long number)
        ? number
        : throw context.Fail($"A slice's bound must be an integer, not {TypeNames.Of(value)}.{Comparisons.Reason(value)}");
}
