using System.Globalization;
using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Values as JSON, letter for letter as Python's <c>json.dumps</c> writes them.</summary>
/// <param name="context">Budgets.</param>
/// <param name="indent">What one level is indented by; null writes all on one line.</param>
/// <param name="itemSeparator">Between items.</param>
/// <param name="keySeparator">Between key and value.</param>
/// <param name="escapesNonAscii">Write characters beyond ASCII as \u escapes.</param>
/// <param name="sortsKeys">Write keys in rising order.</param>
internal sealed class JsonText(
    RenderContext context, string? indent, string itemSeparator, string keySeparator, bool escapesNonAscii, bool sortsKeys)
{
    private readonly TextSink _sink = new(context);

    /// <summary>The JSON of a value.</summary>
    internal string Of(object? value)
    {
        Write(value, 0);
        return _sink.ToString();
    }

    /// <summary>Recursive, but no deeper than a value may be nested.</summary>
    private void Write(object? value, int level)
    {
        context.Step();
        switch (value)
        {
            case string text:
                Quote(text);
                break;
            case TemplateList list:
                Write('[', list.Items, ']', level);
                break;
            case TemplateDictionary dictionary:
                IEnumerable<(string Key, object? Value)> items = dictionary.Items.Select(item => (Key(item.Key), item.Value));
                Write('{', (sortsKeys ? items.OrderBy(item => item.Key, StringComparer.Ordinal) : items).Cast<object?>(), '}', level);
                break;
            default:
                _sink.Append(Simple(value));
                break;
        }
    }

    private void Write(char open, IEnumerable<object?> items, char close, int level)
    {
        _sink.Append(open);
        bool isEmpty = true;
        foreach (object? item in items)
        {
            if (!isEmpty)
            {
                _sink.Append(itemSeparator);
            }

            isEmpty = false;
            BreakLine(level + 1);
            if (item is (string key, var value))
            {
                Quote(key);
                _sink.Append(keySeparator);
                Write(value, level + 1);
            }
            else
            {
                Write(item, level + 1);
            }
        }

        if (!isEmpty)
        {
            BreakLine(level);
        }

        _sink.Append(close);
    }

    private void BreakLine(int level)
    {
        if (indent is not null)
        {
            _sink.Append('\n');
            for (int i = 0; i < level; i++)
            {
                _sink.Append(indent);
            }
        }
    }

    private string Simple(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        long l => l.ToString(CultureInfo.InvariantCulture),
        BigInteger big => big.ToString(CultureInfo.InvariantCulture),
        double d => double.IsNaN(d) ? "NaN" : double.IsInfinity(d) ? d > 0 ? "Infinity" : "-Infinity" : Numbers.Write(d),
        _ => throw context.Fail($"tojson cannot write {TypeNames.Of(value)}.{(value is Undefined undefined ? $" {undefined.Reason}" : "")}"),
    };

    private string Key(object? key) => key as string ?? Simple(key);

    private void Quote(string text)
    {
        _sink.Append('"');
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is >= ' ' and not ('"' or '\\') && !(escapesNonAscii && c > '~'))
            {
                continue;
            }

            _sink.Append(text.AsSpan(start, i - start));
            start = i + 1;
            int escape = "\"\\\n\r\t\b\f".IndexOf(c, StringComparison.Ordinal);
            if (escape >= 0)
            {
                _sink.Append('\\').Append("\"\\nrtbf"[escape]);
            }
            else
            {
                _sink.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
        }

        _sink.Append(text.AsSpan(start));
        _sink.Append('"');
    }
}
