using System.Globalization;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Python's <c>strftime</c> in the C locale.</summary>
internal static class TimeFormat
{
    /// <summary>A time in a format such as <c>%d %b %Y</c>; <c>%-d</c> leaves the padding out.</summary>
    internal static string Of(RenderContext context, DateTimeOffset time, string format)
    {
        TextSink sink = new(context);
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                sink.Append(format[i]);
                continue;
            }

            bool isBare = format[++i] == '-' && i + 1 < format.Length;
            string field = Field(context, time, format[isBare ? ++i : i]);
            sink.Append(isBare && field.Length > 1 ? field.TrimStart('0', ' ') is { Length: > 0 } bare ? bare : "0" : field);
        }

        return sink.ToString();
    }

    private static string Field(RenderContext context, DateTimeOffset time, char directive) => directive switch
    {
        'Y' => Text(time, "yyyy"),
        'y' => Text(time, "yy"),
        'm' => Text(time, "MM"),
        'd' => Text(time, "dd"),
        'e' => Text(time, "%d").PadLeft(2),
        'H' => Text(time, "HH"),
        'I' => Text(time, "hh"),
        'M' => Text(time, "mm"),
        'S' => Text(time, "ss"),
        'f' => Text(time, "ffffff"),
        'p' => Text(time, "tt"),
        'B' => Text(time, "MMMM"),
        'b' or 'h' => Text(time, "MMM"),
        'A' => Text(time, "dddd"),
        'a' => Text(time, "ddd"),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'u' => (((int)time.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'F' => Text(time, "yyyy-MM-dd"),
        'D' or 'x' => Text(time, "MM'/'dd'/'yy"),
        'T' or 'X' => Text(time, "HH':'mm':'ss"),
        'R' => Text(time, "HH':'mm"),
        'c' => $"{Text(time, "ddd MMM")} {Text(time, "%d"),2} {Text(time, "HH':'mm':'ss yyyy")}",
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'z' or 'Z' => "", // Python's clock there has no zone
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => throw context.Fail($"strftime_now does not know '%{directive}'."),
    };

    private static string Text(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
