using System.Buffers;
using System.Text;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>What Python's text methods do, for methods and filters alike.</summary>
internal static class TextMethods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    /// <summary>Where padding goes.</summary>
    internal enum Side
    {
        /// <summary>Before the text.</summary>
        Left,

        /// <summary>After the text.</summary>
        Right,

        /// <summary>Both; the odd blank as Python places it.</summary>
        Both,
    }

    /// <summary>The first letter upper case, the others lower case.</summary>
    internal static string Capitalize(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>Python's title: a word begins after anything that is no letter.</summary>
    internal static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool isStart = true;
        foreach (char c in text)
        {
            result.Append(isStart ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            isStart = !char.IsLetter(c);
        }

        return result.ToString();
    }

    /// <summary>Replaces the first <paramref name="count"/> occurrences; all if it is negative.</summary>
    internal static string Replace(RenderContext context, string text, string old, string replacement, long count)
    {
        long limit = count < 0 ? long.MaxValue : count;
        TextSink sink = new(context);
        if (old.Length == 0)
        {
            for (int i = 0; i <= text.Length; i++)
            {
                context.Step();
                sink.Append(i < limit ? replacement : "").Append(i < text.Length ? text.AsSpan(i, 1) : "");
            }

            return sink.ToString();
        }

        int start = 0;
        foreach (int at in TextSearch.All(context, text, old, limit))
        {
            sink.Append(text.AsSpan(start, at - start)).Append(replacement);
            start = at + old.Length;
        }

        return start == 0 ? text : sink.Append(text.AsSpan(start)).ToString();
    }

    /// <summary>The parts between separators, at most <paramref name="limit"/> of them split off; all if it is negative.</summary>
    internal static List<string> Split(RenderContext context, string text, string separator, long limit)
    {
        if (separator.Length == 0)
        {
            throw context.Fail("A text cannot be split at an empty separator.");
        }

        List<string> parts = [];
        int start = 0;
        foreach (int at in TextSearch.All(context, text, separator, limit < 0 ? long.MaxValue : limit))
        {
            parts.Add(Part(context, text, start, at));
            start = at + separator.Length;
        }

        parts.Add(Part(context, text, start, text.Length));
        return parts;
    }

    /// <summary>As <see cref="Split"/>, but counts from the end.</summary>
    internal static List<string> SplitFromEnd(RenderContext context, string text, string separator, long limit)
    {
        if (separator.Length == 0)
        {
            throw context.Fail("A text cannot be split at an empty separator.");
        }

        List<string> parts = [];
        int end = text.Length;
        while (limit < 0 || parts.Count < limit)
        {
            int at = TextSearch.LastIndexOf(context, text[..end], separator);
            if (at < 0)
            {
                break;
            }

            context.Make(end);
            parts.Add(Part(context, text, at + separator.Length, end));
            end = at;
        }

        parts.Add(Part(context, text, 0, end));
        parts.Reverse();
        return parts;
    }

    /// <summary>The words between white space, at most <paramref name="limit"/> of them split off; all if it is negative.</summary>
    internal static List<string> SplitBlank(RenderContext context, string text, long limit)
    {
        context.Search(text.Length);
        List<string> words = [];
        int start = 0;
        while (true)
        {
            while (start < text.Length && PythonText.IsSpace(text[start]))
            {
                start++;
            }

            if (start == text.Length)
            {
                return words;
            }

            context.Step();
            bool isRest = limit >= 0 && words.Count >= limit;
            int end = isRest ? text.Length : start;
            while (end < text.Length && !PythonText.IsSpace(text[end]))
            {
                end++;
            }

            words.Add(isRest ? PythonText.TrimEnd(Part(context, text, start, end)) : Part(context, text, start, end));
            start = end;
        }
    }

    /// <summary>The lines; a line ends with any of Python's line ends.</summary>
    internal static List<string> SplitLines(RenderContext context, string text, bool keepsEnds)
    {
        context.Search(text.Length);
        List<string> lines = [];
        int start = 0;
        while (start < text.Length)
        {
            context.Step();
            int end = text.AsSpan(start).IndexOfAny(LineEnds);
            end = end < 0 ? text.Length : start + end;
            int next = Math.Min(text.Length, end + (text.AsSpan(end).StartsWith("\r\n", StringComparison.Ordinal) ? 2 : 1));
            lines.Add(Part(context, text, start, keepsEnds ? next : end));
            start = next;
        }

        return lines;
    }

    /// <summary>The text padded to a width in code points.</summary>
    internal static string Pad(RenderContext context, string text, long width, char with, Side side)
    {
        long padding = Math.Max(0, width - CodePoints.Length(context, text));
        long left = side switch
        {
            Side.Left => padding,
            Side.Right => 0,
            _ => (padding / 2) + (padding & width & 1),
        };
        return new TextSink(context).Append(with, left).Append(text).Append(with, padding - left).ToString();
    }

    /// <summary>A list of texts.</summary>
    internal static TemplateList ListOf(RenderContext context, List<string> texts) => new(context, texts.ConvertAll(text => (object?)text));

    private static string Part(RenderContext context, string text, int start, int end)
    {
        context.Make(end - start);
        return text[start..end];
    }
}
