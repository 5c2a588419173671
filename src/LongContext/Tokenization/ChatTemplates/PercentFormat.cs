using System.Globalization;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Python's <c>'%5.2f' % values</c>: s, r, d, i, f, x, X, e and g with flags, width and precision.</summary>
internal static class PercentFormat
{
    /// <summary>The format with a tuple's items, a dictionary's values by name, or one value put in.</summary>
    internal static string Of(RenderContext context, string format, object? values)
    {
        TextSink sink = new(context);
        IReadOnlyList<object?> positional = values is TemplateList { IsTuple: true } tuple ? tuple.Items : [values];
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            int percent = format.IndexOf('%', i);
            sink.Append(format.AsSpan(i, (percent < 0 ? format.Length : percent) - i));
            if (percent < 0)
            {
                break;
            }

            i = percent + 1;
            object? value = null;
            bool isNamed = i < format.Length && format[i] == '(';
            if (isNamed)
            {
                int end = format.IndexOf(')', i);
                string name = end > i ? format[(i + 1)..end] : throw context.Fail("A format's '%(' has no ')'.");
                value = values is TemplateDictionary dictionary && dictionary.TryGet(context, name, out object? found)
                    ? found
                    : throw context.Fail($"The format needs a value '{name}'.");
                i = end + 1;
            }

            int start = i;
            while (i < format.Length && format[i] is '-' or '+' or ' ' or '0' or '#' or '.' || (i < format.Length && char.IsAsciiDigit(format[i])))
            {
                i++;
            }

            char kind = i < format.Length ? format[i] : throw context.Fail("A format ends within a '%'.");
            if (kind == '%')
            {
                sink.Append('%');
                continue;
            }

            if (!isNamed)
            {
                value = next < positional.Count ? positional[next++] : throw context.Fail("There are fewer values than the format needs.");
            }

            Write(context, sink, format.AsSpan(start, i - start), kind, value);
        }

        return next == positional.Count || values is TemplateDictionary
            ? sink.ToString()
            : throw context.Fail("There are more values than the format needs.");
    }

    private static void Write(RenderContext context, TextSink sink, ReadOnlySpan<char> specification, char kind, object? value)
    {
        int flags = 0;
        while (flags < specification.Length && specification[flags] is '-' or '+' or ' ' or '0' or '#')
        {
            flags++;
        }

        int point = specification.IndexOf('.');
        long width = Size(context, specification[flags..(point < 0 ? specification.Length : point)], 0);
        long precision = point < 0 ? -1 : Size(context, specification[(point + 1)..], 0);
        string text = kind switch
        {
            's' => Cut(PythonText.Of(context, value), precision),
            'r' => Cut(PythonText.Quoted(context, value), precision),
            _ => Number(context, kind, precision, value),
        };
        bool isNumber = kind is not ('s' or 'r');
        ReadOnlySpan<char> flagged = specification[..flags];
        string sign = isNumber && !text.StartsWith('-') ? flagged.Contains('+') ? "+" : flagged.Contains(' ') ? " " : "" : "";
        long padding = Math.Max(0, width - text.Length - sign.Length);
        bool left = flagged.Contains('-');
        bool zeros = !left && isNumber && flagged.Contains('0');
        sink.Append(' ', left || zeros ? 0 : padding);
        sink.Append(zeros && text.StartsWith('-') ? "-" : sign);
        sink.Append('0', zeros ? padding : 0);
        sink.Append(zeros && text.StartsWith('-') ? text.AsSpan(1) : text);
        sink.Append(' ', left ? padding : 0);
    }

    private static string Cut(string text, long precision) => precision >= 0 && precision < text.Length ? text[..(int)precision] : text;

    private static string Number(RenderContext context, char kind, long precision, object? value)
    {
        if (!Numbers.TryDouble(value, out double number))
        {
            throw context.Fail($"'%{kind}' needs a number, not {TypeNames.Of(value)}.");
        }

        if (precision > 300)
        {
            throw context.Fail("A format's precision is more than 300.");
        }

        bool isInteger = Numbers.TryInteger(value, out long integer);
        string digits = (precision < 0 ? 6 : precision).ToString(CultureInfo.InvariantCulture);
        return kind switch
        {
            'd' or 'i' when isInteger => integer.ToString(CultureInfo.InvariantCulture),
            'd' or 'i' when Math.Abs(number) < 1e18 => Math.Truncate(number).ToString("F0", CultureInfo.InvariantCulture),
            'x' or 'X' when isInteger && integer >= 0 => integer.ToString(kind.ToString(), CultureInfo.InvariantCulture),
            'f' or 'F' => number.ToString("F" + digits, CultureInfo.InvariantCulture),
            'e' or 'E' => number.ToString($"0.{new string('0', int.Parse(digits, CultureInfo.InvariantCulture))}{kind}+00", CultureInfo.InvariantCulture),
            'g' => number.ToString("G" + digits, CultureInfo.InvariantCulture),
            _ => throw context.Fail($"'%{kind}' cannot write {TypeNames.Of(value)}."),
        };
    }

    private static long Size(RenderContext context, ReadOnlySpan<char> digits, long missing) =>
        digits.IsEmpty ? missing
        : Numbers.TryParse(digits, 10, out long size) && size <= TemplateLimits.TextLength ? size
        : throw context.Fail("A format's width or precision is malformed or too large.");
}
