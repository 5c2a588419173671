using System.Collections.Frozen;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>The methods of texts, lists and dictionaries that leave their object as it is. There are no others.</summary>
internal static class Methods
{
    /// <summary>Python's methods that change their object; they are refused.</summary>
    internal static FrozenSet<string> Changing { get; } = FrozenSet.ToFrozenSet(
        ["append", "extend", "insert", "pop", "popitem", "remove", "clear", "sort", "reverse", "setdefault", "update"], StringComparer.Ordinal);

    /// <summary>Methods of texts.</summary>
    internal static FunctionTable OfTexts { get; } = CreateTexts();

    /// <summary>Methods of lists and tuples.</summary>
    internal static FunctionTable OfLists { get; } = new()
    {
        { "index", "value", (c, s, a) => (long)Places(c, s, a[0]).FirstOrDefault(-1) is var at && at >= 0 ? at : throw c.Fail("The list has no such item.") },
        { "count", "value", (c, s, a) => (long)Places(c, s, a[0]).Count() },
        { "copy", "", (_, s, _) => s },
    };

    /// <summary>Methods of dictionaries.</summary>
    internal static FunctionTable OfDictionaries { get; } = new()
    {
        { "get", "key default", (c, s, a) => ((TemplateDictionary)s!).TryGet(c, a[0], out object? value) ? value : a.OrNone(1) },
        { "items", "", (c, s, _) => ListFilters.Items(c, (TemplateDictionary)s!) },
        { "keys", "", (c, s, _) => Access.ListOf(c, s) },
        { "values", "", (c, s, _) => new TemplateList(c, [.. ((TemplateDictionary)s!).Values]) },
        { "copy", "", (_, s, _) => s },
    };

    private static FunctionTable CreateTexts()
    {
        FunctionTable table = new();
        table.Add("strip", "chars", (c, s, a) => Made(c, PythonText.Trim((string)s!, Characters(c, a))));
        table.Add("lstrip", "chars", (c, s, a) => Made(c, PythonText.TrimStart((string)s!, Characters(c, a))));
        table.Add("rstrip", "chars", (c, s, a) => Made(c, PythonText.TrimEnd((string)s!, Characters(c, a))));
        table.Add("split", "sep maxsplit", (c, s, a) => TextMethods.ListOf(c, a.OrNone(0) is null
            ? TextMethods.SplitBlank(c, (string)s!, a.Integer(c, 1, -1))
            : TextMethods.Split(c, (string)s!, a.Text(c, 0), a.Integer(c, 1, -1))));
        table.Add("rsplit", "sep maxsplit", (c, s, a) => TextMethods.ListOf(c, a.Integer(c, 1, -1) is var limit && a.OrNone(0) is not null
            ? TextMethods.SplitFromEnd(c, (string)s!, a.Text(c, 0), limit)
            : limit < 0 ? TextMethods.SplitBlank(c, (string)s!, -1)
            : throw c.Fail("'rsplit' with a limit needs a separator here.")));
        table.Add("splitlines", "keepends", (c, s, a) => TextMethods.ListOf(c, TextMethods.SplitLines(c, (string)s!, a.Flag(0, false))));
        table.Add("partition", "sep", (c, s, a) => Partition(c, (string)s!, a.Text(c, 0), TextSearch.IndexOf(c, (string)s!, a.Text(c, 0), 0), isLast: false));
        table.Add("rpartition", "sep", (c, s, a) => Partition(c, (string)s!, a.Text(c, 0), TextSearch.LastIndexOf(c, (string)s!, a.Text(c, 0)), isLast: true));
        table.Add("startswith", "prefix", (c, s, a) => Affixes(c, a[0]).Any(affix => ((string)s!).StartsWith(affix, StringComparison.Ordinal)));
        table.Add("endswith", "suffix", (c, s, a) => Affixes(c, a[0]).Any(affix => ((string)s!).EndsWith(affix, StringComparison.Ordinal)));
        table.Add("removeprefix", "prefix", (c, s, a) => s is string text && a.Text(c, 0) is var affix && text.StartsWith(affix, StringComparison.Ordinal)
            ? Made(c, text[affix.Length..])
            : s);
        table.Add("removesuffix", "suffix", (c, s, a) => s is string text && a.Text(c, 0) is var affix && text.EndsWith(affix, StringComparison.Ordinal)
            ? Made(c, text[..^affix.Length])
            : s);
        table.Add("replace", "old new count", (c, s, a) => TextMethods.Replace(c, (string)s!, a.Text(c, 0), a.Text(c, 1), a.Integer(c, 2, -1)));
        table.Add("join", "iterable", Join);
        table.Add("upper", "", (c, s, _) => Changed(c, s, text => text.ToUpperInvariant()));
        table.Add("lower", "", (c, s, _) => Changed(c, s, text => text.ToLowerInvariant()));
        table.Add("title", "", (c, s, _) => Changed(c, s, TextMethods.Title));
        table.Add("capitalize", "", (c, s, _) => Changed(c, s, TextMethods.Capitalize));
        table.Add("find", "sub", (c, s, a) => Place(c, (string)s!, TextSearch.IndexOf(c, (string)s!, a.Text(c, 0), 0)));
        table.Add("rfind", "sub", (c, s, a) => Place(c, (string)s!, TextSearch.LastIndexOf(c, (string)s!, a.Text(c, 0))));
        table.Add("index", "sub", (c, s, a) => TextSearch.IndexOf(c, (string)s!, a.Text(c, 0), 0) is var at && at >= 0
            ? Place(c, (string)s!, at)
            : throw c.Fail("The text does not hold what 'index' looks for."));
        table.Add("count", "sub", (c, s, a) => a.Text(c, 0) is { Length: > 0 } part
            ? (long)TextSearch.All(c, (string)s!, part, long.MaxValue).Count
            : CodePoints.Length(c, (string)s!) + 1L);
        table.Add("ljust", "width fillchar", (c, s, a) => TextMethods.Pad(c, (string)s!, a.Integer(c, 0, 0), Fill(c, a), TextMethods.Side.Right));
        table.Add("rjust", "width fillchar", (c, s, a) => TextMethods.Pad(c, (string)s!, a.Integer(c, 0, 0), Fill(c, a), TextMethods.Side.Left));
        table.Add("center", "width fillchar", (c, s, a) => TextMethods.Pad(c, (string)s!, a.Integer(c, 0, 0), Fill(c, a), TextMethods.Side.Both));
        table.Add("isdigit", "", (c, s, _) => All(c, s, char.IsDigit));
        table.Add("isalpha", "", (c, s, _) => All(c, s, char.IsLetter));
        table.Add("isalnum", "", (c, s, _) => All(c, s, char.IsLetterOrDigit));
        table.Add("isspace", "", (c, s, _) => All(c, s, PythonText.IsSpace));
        table.Add("isupper", "", (c, s, _) => Tests.Find("upper")!.Invoke(c, s, Arguments.None));
        table.Add("islower", "", (c, s, _) => Tests.Find("lower")!.Invoke(c, s, Arguments.None));
        table.AddVariadic("format", (c, s, a) => BraceFormat.Of(c, (string)s!, a));
        return table;
    }

    private static string Made(RenderContext context, string text)
    {
        context.Make(text.Length);
        return text;
    }

    private static string Changed(RenderContext context, object? subject, Func<string, string> change)
    {
        context.Handle(((string)subject!).Length);
        return change((string)subject);
    }

    private static string? Characters(RenderContext context, Arguments arguments)
    {
        string? characters = arguments.OrNone(0) is null ? null : arguments.Text(context, 0);
        return characters is not { Length: > 1_000 } ? characters : throw context.Fail("More than 1,000 characters to strip.");
    }

    private static char Fill(RenderContext context, Arguments arguments) =>
        arguments.Text(context, 1, " ") is [char fill] ? fill : throw context.Fail("The fill must be one character.");

    private static object? Join(RenderContext context, object? subject, Arguments arguments)
    {
        TextSink sink = new(context);
        IReadOnlyList<object?> items = Access.Iterate(context, arguments[0]);
        for (int i = 0; i < items.Count; i++)
        {
            context.Step();
            sink.Append(i > 0 ? (string)subject! : "")
                .Append(items[i] as string ?? throw context.Fail($"'join' needs texts, but item {i} is {TypeNames.Of(items[i])}."));
        }

        return sink.ToString();
    }

    private static TemplateList Partition(RenderContext context, string text, string separator, int at, bool isLast)
    {
        if (separator.Length == 0)
        {
            throw context.Fail("A text cannot be parted at an empty separator.");
        }

        context.Make(text.Length);
        object?[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : isLast ? ["", "", text] : [text, "", ""];
        return new TemplateList(context, parts, isTuple: true);
    }

    private static IEnumerable<string> Affixes(RenderContext context, object? affix)
    {
        object? one = affix;
        foreach (object? item in affix is TemplateList { IsTuple: true } tuple ? tuple.Items : [one])
        {
            string text = item as string ?? throw context.Fail($"A text is needed, not {TypeNames.Of(item)}.{Comparisons.Reason(item)}");
            context.Step();
            context.Search(text.Length);
            yield return text;
        }
    }

    /// <summary>A place in code points.</summary>
    private static object Place(RenderContext context, string text, int at)
    {
        context.Make(Math.Max(at, 0));
        return at <= 0 ? (long)at : (long)CodePoints.Length(context, text[..at]);
    }

    private static bool All(RenderContext context, object? subject, Func<char, bool> holds)
    {
        string text = (string)subject!;
        context.Handle(text.Length);
        return text.Length > 0 && text.All(holds);
    }

    private static IEnumerable<int> Places(RenderContext context, object? subject, object? value)
    {
        IReadOnlyList<object?> items = ((TemplateList)subject!).Items;
        for (int i = 0; i < items.Count; i++)
        {
            if (Comparisons.AreEqual(context, items[i], value))
            {
                yield return i;
            }
        }
    }
}
