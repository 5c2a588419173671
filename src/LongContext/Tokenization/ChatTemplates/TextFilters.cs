using System.Text;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Filters that make text of text; other values are written as text first.</summary>
internal static class TextFilters
{
    /// <summary>The filters.</summary>
    internal static FunctionTable Create()
    {
        FunctionTable table = new();
        table.Add("trim", "chars", (c, s, a) => Made(c, PythonText.Trim(Text(c, s), a.OrNone(0) as string)));
        table.Add("upper", "", (c, s, _) => Changed(c, s, text => text.ToUpperInvariant()));
        table.Add("lower", "", (c, s, _) => Changed(c, s, text => text.ToLowerInvariant()));
        table.Add("capitalize", "", (c, s, _) => Changed(c, s, TextMethods.Capitalize));
        table.Add("title", "", (c, s, _) => Changed(c, s, Title));
        table.Add("replace", "old new count", (c, s, a) => TextMethods.Replace(
            c, Text(c, s), Text(c, a[0]), Text(c, a[1]), a.Integer(c, 2, -1)));
        table.Add("indent", "width first blank", Indent);
        table.Add("center", "width", (c, s, a) => TextMethods.Pad(c, Text(c, s), a.Integer(c, 0, 80), ' ', TextMethods.Side.Both));
        table.Add("truncate", "length killwords end leeway", Truncate);
        table.Add("wordcount", "", (c, s, _) => (long)TextMethods.SplitBlank(c, Text(c, s), -1).Count);
        table.Add("escape", "", (c, s, _) => Escape(c, Text(c, s)));
        table.Add("string", "", (c, s, _) => Text(c, s));
        table.Add("safe", "", (c, s, _) => Text(c, s));
        table.Add("striptags", "", (c, s, _) => StripTags(c, Text(c, s)));
        table.AddVariadic("format", (c, s, a) => PercentFormat.Of(
            c, Text(c, s), a.Named.Count > 0
                ? new TemplateDictionary(c, [.. a.Named.Select(n => KeyValuePair.Create((object?)n.Name, n.Value))])
                : new TemplateList(c, a.Positional, isTuple: true)));
        table.Alias("escape", "e", "forceescape");
        return table;
    }

    private static string Text(RenderContext context, object? value) => PythonText.Of(context, value);

    private static string Made(RenderContext context, string text)
    {
        context.Make(text.Length);
        return text;
    }

    private static string Changed(RenderContext context, object? value, Func<string, string> change)
    {
        string text = Text(context, value);
        context.Handle(text.Length);
        return change(text);
    }

    /// <summary>Jinja's title: a word begins after white space, a hyphen or an opening bracket.</summary>
    private static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool isStart = true;
        foreach (char c in text)
        {
            result.Append(isStart ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            isStart = PythonText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
        }

        return result.ToString();
    }

    private static object? Indent(RenderContext context, object? subject, Arguments arguments)
    {
        string indent = arguments.OrNone(0) as string ?? (string)Operators.Repeat(context, " ", arguments.Integer(context, 0, 4));
        bool blank = arguments.Flag(2, false);
        List<string> lines = TextMethods.SplitLines(context, Text(context, subject) + "\n", keepsEnds: false);
        TextSink sink = new(context);
        sink.Append(arguments.Flag(1, false) ? indent : "");
        for (int i = 0; i < lines.Count; i++)
        {
            sink.Append(i > 0 ? "\n" : "").Append(i > 0 && (blank || lines[i].Length > 0) ? indent : "").Append(lines[i]);
        }

        return sink.ToString();
    }

    private static object? Truncate(RenderContext context, object? subject, Arguments arguments)
    {
        string text = Text(context, subject);
        string end = arguments.Text(context, 2, "...");
        long length = arguments.Integer(context, 0, 255);
        if (length < end.Length)
        {
            throw context.Fail($"'truncate' needs a length of at least that of its end, {end.Length}.");
        }

        if (CodePoints.Length(context, text) <= length + (double)arguments.Integer(context, 3, 5))
        {
            return text;
        }

        string cut = (string)Access.Slice(context, text, null, length - end.Length, null);
        int blank = arguments.Flag(1, false) ? -1 : cut.LastIndexOf(' ');
        return Made(context, (blank >= 0 ? cut[..blank] : cut) + end);
    }

    private static object? Escape(RenderContext context, string text)
    {
        TextSink sink = new(context);
        foreach (char c in text)
        {
            sink.Append(c switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '\'' => "&#39;",
                '"' => "&#34;",
                _ => new ReadOnlySpan<char>(in c),
            });
        }

        return sink.ToString();
    }

    private static object? StripTags(RenderContext context, string text)
    {
        TextSink sink = new(context);
        int start = 0;
        while (start < text.Length)
        {
            int open = text.IndexOf('<', start);
            int close = open < 0 ? -1 : text.IndexOf('>', open);
            sink.Append(text.AsSpan(start, (close < 0 ? text.Length : open) - start));
            start = close < 0 ? text.Length : close + 1;
        }

        return string.Join(' ', TextMethods.SplitBlank(context, sink.ToString(), -1));
    }
}
