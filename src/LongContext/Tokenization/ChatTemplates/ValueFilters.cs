using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Filters on numbers and on values of any kind.</summary>
internal static class ValueFilters
{
    /// <summary>The filters.</summary>
    internal static FunctionTable Create()
    {
        FunctionTable table = new();
        table.Add("default", "default_value boolean", (_, s, a) =>
            s is Undefined || (a.Flag(1, false) && !Truth.Of(s)) ? a.Has(0) ? a[0] : "" : s);
        table.Add("tojson", "ensure_ascii indent separators sort_keys", ToJson);
        table.Add("int", "default base", ToInteger);
        table.Add("float", "default", ToDouble);
        table.Add("abs", "", (c, s, _) => Operators.Sign(c, Comparisons.Compare(c, s, 0L) < 0 ? "-" : "+", s));
        table.Add("round", "precision method", Round);
        table.Add("attr", "name", (c, s, a) => a.Text(c, 0) is var name && s is TemplateDictionary
            ? name.StartsWith("__", StringComparison.Ordinal) ? Access.Attribute(c, s, name) : new Undefined("'attr' gives attributes only, not a dictionary's items.")
            : Access.Attribute(c, s, name));
        table.Alias("default", "d");
        return table;
    }

    private static object? ToJson(RenderContext context, object? subject, Arguments arguments)
    {
        string? indent = arguments.OrNone(1) switch
        {
            null => null,
            string text => text,
            _ => (string)Operators.Repeat(context, " ", arguments.Integer(context, 1, 0)),
        };
        string itemSeparator = indent is null ? ", " : ",";
        string keySeparator = ": ";
        if (arguments.OrNone(2) is { } separators)
        {
            (itemSeparator, keySeparator) = separators is TemplateList { Items: [string first, string second] }
                ? (first, second)
                : throw context.Fail("The separators of 'tojson' must be two texts.");
        }

        return new JsonText(context, indent, itemSeparator, keySeparator, arguments.Flag(0, false), arguments.Flag(3, false)).Of(subject);
    }

    private static object? ToInteger(RenderContext context, object? subject, Arguments arguments)
    {
        object? missing = arguments.Has(0) ? arguments[0] : 0L;
        long radix = arguments.Integer(context, 1, 10);
        if (radix is < 2 or > 36)
        {
            throw context.Fail("'int' needs a base of 2 to 36.");
        }

        if (subject is string text)
        {
            string digits = PythonText.Trim(text).Replace("_", "", StringComparison.Ordinal);
            context.Search(text.Length);
            return Numbers.TryParse(digits, (int)radix, out long parsed) ? parsed
                : Numbers.TryParseDouble(digits, out double number) ? Whole(number, missing)
                : missing;
        }

        return subject switch
        {
            BigInteger => subject,
            double number => Whole(number, missing),
            _ => Numbers.TryInteger(subject, out long integer) ? integer : missing,
        };
    }

    private static object? Whole(double number, object? missing) =>
        Math.Abs(number) < 9.2e18 ? (long)number : missing; // also false for NaN

    private static object? ToDouble(RenderContext context, object? subject, Arguments arguments)
    {
        context.Search(subject is string text ? text.Length : 0);
        return Numbers.TryDouble(subject, out double number) || (subject is string digits && Numbers.TryParseDouble(digits, out number))
            ? number
            : arguments.Has(0) ? arguments[0] : 0.0;
    }

    private static object? Round(RenderContext context, object? subject, Arguments arguments)
    {
        long precision = arguments.Integer(context, 0, 0);
        string method = arguments.Text(context, 1, "common");
        if (!Numbers.TryDouble(subject, out double number) || precision is < -300 or > 300)
        {
            throw context.Fail("'round' needs a number, and a precision of −300 to 300.");
        }

        if (method == "common" && subject is not double)
        {
            return precision >= 0 ? subject : Math.Round(number * Math.Pow(10, precision)) * Math.Pow(10, -precision) is var whole ? Whole(whole, subject) : subject;
        }

        double scale = Math.Pow(10, precision);
        return method switch
        {
            "common" when precision is >= 0 and <= 15 => Math.Round(number, (int)precision, MidpointRounding.ToEven),
            "common" => precision > 15 ? number : Math.Round(number * scale) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw context.Fail("'round' knows the methods 'common', 'ceil' and 'floor'."),
        };
    }
}
