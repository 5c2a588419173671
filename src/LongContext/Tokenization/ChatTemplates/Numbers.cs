using System.Globalization;
using System.Numerics;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Reading and writing numbers as Python does.</summary>
internal static class Numbers
{
    /// <summary>The value of an integer or boolean.</summary>
    internal static bool TryInteger(object? value, out long integer)
    {
        integer = value is long l ? l : value is true ? 1 : 0;
        return value is long or bool;
    }

    /// <summary>The value of any number.</summary>
    internal static bool TryDouble(object? value, out double number)
    {
        number = value switch
        {
            double d => d,
            long l => l,
            true => 1,
            BigInteger big => (double)big,
            _ => 0,
        };
        return value is double or long or bool or BigInteger;
    }

    /// <summary>An integer written in a base, with an optional sign; nothing else around it.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, int radix, out long value)
    {
        value = 0;
        bool negative = text is ['-', ..];
        ReadOnlySpan<char> digits = text is ['-' or '+', ..] ? text[1..] : text;
        if (digits.IsEmpty)
        {
            return false;
        }

        Int128 sum = 0;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10 : radix;
            sum = (sum * radix) + digit;
            if (digit >= radix || sum > (Int128)long.MaxValue + 1)
            {
                return false;
            }
        }

        sum = negative ? -sum : sum;
        value = sum <= long.MaxValue ? (long)sum : 0;
        return sum <= long.MaxValue;
    }

    /// <summary>A floating-point number; blanks around it are allowed.</summary>
    internal static bool TryParseDouble(string text, out double value)
    {
        string trimmed = PythonText.Trim(text);
        value = 0;
        return trimmed.Length is > 0 and < 1_000 &&
            double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The shortest digits that give the number back, written as Python's <c>repr</c> does.</summary>
    internal static string Write(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        string text = value.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int exponent = value == 0 ? 0 : ExponentOf(shortest, text);
        string digits = DigitsOf(shortest);
        string sign = double.IsNegative(value) ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
        }

        return exponent < 0
            ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1
                ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
                : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>The significant digits, without sign, point, exponent and outer zeros.</summary>
    private static string DigitsOf(string shortest)
    {
        int end = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = (end < 0 ? shortest : shortest[..end]).Replace(".", "", StringComparison.Ordinal);
        string digits = mantissa.TrimStart('-').TrimStart('0').TrimEnd('0');
        return digits.Length == 0 ? "0" : digits;
    }

    /// <summary>The decimal exponent of the first significant digit, from the shortest form where it has one.</summary>
    private static int ExponentOf(string shortest, string scientific)
    {
        int at = shortest.IndexOf('E', StringComparison.Ordinal);
        if (at >= 0)
        {
            return int.Parse(shortest.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }

        string number = shortest.TrimStart('-');
        int point = number.IndexOf('.', StringComparison.Ordinal);
        string whole = point < 0 ? number : number[..point];
        return whole != "0"
            ? whole.Length - 1
            : int.Parse(scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }
}
