using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Arithmetic as Python has it, on 64-bit integers: a result beyond them is an error, never wrong.</summary>
internal static class Operators
{
    /// <summary>Applies an operator by its text.</summary>
    internal static object? Apply(RenderContext context, string op, object? left, object? right)
    {
        try
        {
            return (op, left, right) switch
            {
                ("+", string a, string b) => Join(context, a, b),
                ("+", TemplateList a, TemplateList b) when a.IsTuple == b.IsTuple => Join(context, a, b),
                ("*", string or TemplateList, _) when Numbers.TryInteger(right, out long count) => Repeat(context, left!, count),
                ("*", _, string or TemplateList) when Numbers.TryInteger(left, out long count) => Repeat(context, right!, count),
                ("%", string format, _) => PercentFormat.Of(context, format, right),
                _ when Numbers.TryInteger(left, out long x) && Numbers.TryInteger(right, out long y) => OfIntegers(context, op, x, y),
                _ when Numbers.TryDouble(left, out double x) && Numbers.TryDouble(right, out double y) => OfDoubles(context, op, x, y),
                _ => throw context.Fail(
                    $"'{op}' cannot be applied to {TypeNames.Of(left)} and {TypeNames.Of(right)}.{Comparisons.Reason(left)}{Comparisons.Reason(right)}"),
            };
        }
        catch (OverflowException e)
        {
            throw context.Fail($"The result of '{op}' is beyond 64 bits.", e);
        }
    }

    /// <summary>Applies signs to a number, the last one first.</summary>
    internal static object Sign(RenderContext context, string signs, object? value)
    {
        bool negative = signs.AsSpan().Count('-') % 2 == 1;
        if (Numbers.TryInteger(value, out long integer))
        {
            return !negative ? integer : integer != long.MinValue ? -integer : throw context.Fail("The result of '-' is beyond 64 bits.");
        }

        return value switch
        {
            double number => negative ? -number : number,
            BigInteger big => negative ? -big : big,
            _ => throw context.Fail($"A sign cannot be applied to {TypeNames.Of(value)}.{Comparisons.Reason(value)}"),
        };
    }

    /// <summary>A text or list some times over.</summary>
    internal static object Repeat(RenderContext context, object value, long count)
    {
        count = Math.Max(count, 0);
        if (value is string text)
        {
            long length = text.Length == 0 ? 0 : count > TemplateLimits.TextLength ? long.MaxValue : text.Length * count;
            context.Make(length);
            return string.Create((int)length, text, FillWith);
        }

        TemplateList list = (TemplateList)value;
        long total = list.Items.Count == 0 ? 0 : count > TemplateLimits.Steps ? long.MaxValue : list.Items.Count * count;
        context.Step(total);
        List<object?> items = new((int)total);
        for (long i = 0; i < total; i += list.Items.Count)
        {
            items.AddRange(list.Items);
        }

        return new TemplateList(context, items, list.IsTuple);
    }

    private static void FillWith(Span<char> result, string text)
    {
        int filled = Math.Min(text.Length, result.Length);
        text.AsSpan(0, filled).CopyTo(result);
        while (filled < result.Length)
        {
            int more = Math.Min(filled, result.Length - filled); // doubles, and ends on a whole text
            result[..more].CopyTo(result[filled..]);
            filled += more;
        }
    }

    private static string Join(RenderContext context, string left, string right)
    {
        context.Make((long)left.Length + right.Length);
        return left + right;
    }

    private static TemplateList Join(RenderContext context, TemplateList left, TemplateList right)
    {
        context.Step(left.Items.Count + (long)right.Items.Count);
        return new TemplateList(context, [.. left.Items, .. right.Items], left.IsTuple);
    }

    private static object OfIntegers(RenderContext context, string op, long x, long y)
    {
        if (y == 0 && op is ("/" or "//" or "%"))
        {
            throw context.Fail("Division by zero.");
        }

        return op switch
        {
            "+" => checked(x + y),
            "-" => checked(x - y),
            "*" => checked(x * y),
            "/" => x / (double)y,
            "//" => checked(x / y) - (x % y != 0 && x < 0 != y < 0 ? 1 : 0),
            "%" => y == -1 ? 0L : x % y is long remainder && remainder != 0 && remainder < 0 != y < 0 ? remainder + y : x % y,
            _ => y < 0 ? OfDoubles(context, op, x, y) : Power(x, y),
        };
    }

    private static object OfDoubles(RenderContext context, string op, double x, double y)
    {
        if (y == 0 && op is ("/" or "//" or "%"))
        {
            throw context.Fail("Division by zero.");
        }

        double remainder = op is "//" or "%" ? x % y : 0;
        remainder += remainder != 0 && remainder < 0 != y < 0 ? y : 0; // Python's has the divisor's sign
        double result = op switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            "//" => Math.Floor((x - remainder) / y),
            "%" => remainder,
            _ => Math.Pow(x, y),
        };
        return op == "**" && !double.IsFinite(result) && double.IsFinite(x) && double.IsFinite(y)
            ? throw context.Fail("The result of '**' is no number.")
            : result;
    }

    private static long Power(long x, long exponent)
    {
        long result = 1;
        while (true)
        {
            result = (exponent & 1) == 1 ? checked(result * x) : result;
            exponent >>= 1;
            if (exponent == 0)
            {
                return result;
            }

            x = checked(x * x);
        }
    }
}
