using System.Globalization;
using System.Text;

namespace LongContext.Tests.Shared.Formats;

/// <summary>JSON text byte for byte as Python's <c>json.dumps</c> writes it: ASCII only, <c>", "</c> and <c>": "</c>, floats as <c>repr</c>.</summary>
/// <remarks>Values: null, bool, int, long, double, string, <c>object?[]</c>, <see cref="OrderedDictionary{TKey, TValue}"/> of string and object.</remarks>
internal static class PythonJson
{
    /// <summary>Writes <paramref name="value"/> on one line.</summary>
    internal static string Dump(object? value) => Dump(value, indent: null);

    /// <summary>Writes <paramref name="value"/>; with <paramref name="indent"/> (spaces a level) on many lines, as <c>indent=</c> does.</summary>
    internal static string Dump(object? value, int? indent)
    {
        StringBuilder text = new();
        Append(text, value, indent, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value, int? indent, int level)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool b:
                text.Append(b ? "true" : "false");
                break;
            case int or long:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case double d:
                text.Append(Repr(d));
                break;
            case string s:
                AppendString(text, s);
                break;
            case object?[] array:
                AppendItems(text, '[', ']', array, indent, level, item => Append(text, item, indent, level + 1));
                break;
            case OrderedDictionary<string, object?> map:
                AppendItems(text, '{', '}', map, indent, level, pair =>
                {
                    AppendString(text, pair.Key);
                    text.Append(": ");
                    Append(text, pair.Value, indent, level + 1);
                });
                break;
            default:
                throw new ArgumentException($"{value.GetType()} is not written.", nameof(value));
        }
    }

    private static void AppendItems<T>(
        StringBuilder text, char open, char close, IReadOnlyCollection<T> items, int? indent, int level, Action<T> append)
    {
        void Break(int depth)
        {
            if (indent is { } spaces && items.Count > 0)
            {
                text.Append('\n').Append(' ', spaces * depth);
            }
        }

        text.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            text.Append(first ? "" : indent is null ? ", " : ",");
            Break(level + 1);
            append(item);
            first = false;
        }

        Break(level);
        text.Append(close);
    }

    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                >= ' ' and <= '~' => text.Append(c),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
        }

        text.Append('"');
    }

    // Shortest digits that round-trip; an exponent below 1e-4 and from 1e16 on, of at least two digits.
    private static string Repr(double value)
    {
        string shortest = value.ToString("R", CultureInfo.InvariantCulture); // plain from 1e-4 to 1e15
        int e = shortest.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(shortest[(e + 1)..], CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 16)
        {
            string plain = e >= 0
                ? ((decimal)value).ToString(CultureInfo.InvariantCulture)
                : shortest;
            return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
        }

        return string.Create(CultureInfo.InvariantCulture, $"{shortest[..e]}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent):D2}");
    }
}
