using System.Globalization;
using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Values as text (Python's <c>str</c> and <c>repr</c>), and Python's notion of white space.</summary>
internal static class PythonText
{
    /// <summary>Python's white space: also the four separators U+001C to U+001F.</summary>
    internal static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>At least one character, and only white space.</summary>
    internal static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!IsSpace(c))
            {
                return false;
            }
        }

        return !text.IsEmpty;
    }

    /// <summary>Without the white space, or the given characters, at its start.</summary>
    internal static string TrimStart(string text, string? characters = null)
    {
        int start = 0;
        while (start < text.Length && Strips(text[start], characters))
        {
            start++;
        }

        return text[start..];
    }

    /// <summary>Without the white space, or the given characters, at its end.</summary>
    internal static string TrimEnd(string text, string? characters = null)
    {
        int end = text.Length;
        while (end > 0 && Strips(text[end - 1], characters))
        {
            end--;
        }

        return text[..end];
    }

    /// <summary>Without the white space, or the given characters, at both ends.</summary>
    internal static string Trim(string text, string? characters = null) => TrimEnd(TrimStart(text, characters), characters);

    /// <summary>A value as text.</summary>
    internal static string Of(RenderContext context, object? value)
    {
        if (value is string text)
        {
            return text;
        }

        TextSink sink = new(context);
        Write(context, sink, value, isNested: false);
        return sink.ToString();
    }

    /// <summary>A value as it would be written in Python.</summary>
    internal static string Quoted(RenderContext context, object? value)
    {
        TextSink sink = new(context);
        Write(context, sink, value, isNested: true);
        return sink.ToString();
    }

    private static bool Strips(char c, string? characters) =>
        characters is null ? IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);

    /// <summary>Recursive, but no deeper than a value may be nested.</summary>
    private static void Write(RenderContext context, TextSink sink, object? value, bool isNested)
    {
        context.Step();
        switch (value)
        {
            case string text when isNested:
                Quote(sink, text);
                break;
            case TemplateList list:
                sink.Append(list.IsTuple ? '(' : '[');
                for (int i = 0; i < list.Items.Count; i++)
                {
                    sink.Append(i > 0 ? ", " : "");
                    Write(context, sink, list.Items[i], isNested: true);
                }

                sink.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case TemplateDictionary dictionary:
                string separator = "{";
                foreach ((object? key, object? item) in dictionary.Items)
                {
                    sink.Append(separator);
                    separator = ", ";
                    Write(context, sink, key, isNested: true);
                    sink.Append(": ");
                    Write(context, sink, item, isNested: true);
                }

                sink.Append(dictionary.Count == 0 ? "{}" : "}");
                break;
            default:
                sink.Append(Simple(value, isNested));
                break;
        }
    }

    private static string Simple(object? value, bool isNested) => value switch
    {
        null => "None",
        Undefined => isNested ? "Undefined" : "",
        bool b => b ? "True" : "False",
        long l => l.ToString(CultureInfo.InvariantCulture),
        BigInteger big => big.ToString(CultureInfo.InvariantCulture),
        double d => Numbers.Write(d),
        string text => text,
        TemplateNamespace => "<Namespace>",
        MacroValue macro => $"<Macro '{macro.Name}'>",
        LoopState loop => $"<LoopContext {loop.Index}/{loop.Length}>",
        BoundMethod method => $"<method '{method.Function.Name}'>",
        TemplateFunction function => $"<function {function.Name}>",
        _ => throw new InvalidOperationException($"No template value: {value.GetType()}."),
    };

    private static void Quote(TextSink sink, string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        sink.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\')
            {
                sink.Append('\\').Append(c);
            }
            else if (c is '\n' or '\r' or '\t')
            {
                sink.Append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                int point = char.ConvertToUtf32(c, text[i + 1]);
                sink.Append(IsPrintable(CharUnicodeInfo.GetUnicodeCategory(point))
                    ? text.AsSpan(i, 2)
                    : "\\U" + point.ToString("x8", CultureInfo.InvariantCulture));
                i++;
            }
            else if (c == ' ' || IsPrintable(CharUnicodeInfo.GetUnicodeCategory(c)))
            {
                sink.Append(c);
            }
            else
            {
                sink.Append(c < 0x100 ? "\\x" + ((int)c).ToString("x2", CultureInfo.InvariantCulture) : "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
        }

        sink.Append(quote);
    }

    private static bool IsPrintable(UnicodeCategory category) => category is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or
        UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
