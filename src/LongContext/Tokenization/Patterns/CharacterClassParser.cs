using System.Globalization;
using System.Text;

namespace LongContext.Tokenization.Patterns;

/// <summary>Reads one character class of a regex: a character, an escape, or a bracket expression without nesting.</summary>
internal static class CharacterClassParser
{
    private static readonly Dictionary<string, CharacterClass> Cache = new(StringComparer.Ordinal);
    private static readonly Lock CacheLock = new();

    /// <summary>The class whose notation begins at <paramref name="position"/>, which is moved behind it; null if it is none we know.</summary>
    internal static CharacterClass? Parse(string pattern, ref int position)
    {
        int start = position;
        ClassBuilder builder = new();
        if (pattern[position] != '[')
        {
            return "()|?*+{}.^$]".Contains(pattern[position], StringComparison.Ordinal) || !ParseItem(pattern, ref position, builder, ranges: false)
                ? null
                : Make(pattern[start..position], builder, negated: false);
        }

        position++;
        bool negated = position < pattern.Length && pattern[position] == '^';
        position += negated ? 1 : 0;
        bool empty = true;
        while (position < pattern.Length && pattern[position] != ']')
        {
            if (pattern[position] == '[' || pattern.AsSpan(position).StartsWith("&&") || !ParseItem(pattern, ref position, builder, ranges: true))
            {
                return null; // nested sets and intersections mean different things to different engines
            }

            empty = false;
        }

        if (empty || position >= pattern.Length)
        {
            return null;
        }

        position++;
        return Make(pattern[start..position], builder, negated);
    }

    private static CharacterClass Make(string notation, ClassBuilder builder, bool negated)
    {
        lock (CacheLock)
        {
            if (!Cache.TryGetValue(notation, out CharacterClass? known))
            {
                known = new CharacterClass(builder.Categories, builder.WhiteSpace, builder.Ranges, negated);
                if (Cache.Count < 64)
                {
                    Cache.Add(notation, known);
                }
            }

            return known;
        }
    }

    private static bool ParseItem(string pattern, ref int position, ClassBuilder builder, bool ranges)
    {
        if (pattern[position] == '\\' && position + 1 < pattern.Length && ParseEscapedSet(pattern, ref position, builder))
        {
            return true;
        }

        if (!ParseCodePoint(pattern, ref position, out int first))
        {
            return false;
        }

        int last = first;
        if (ranges && position + 1 < pattern.Length && pattern[position] == '-' && pattern[position + 1] != ']')
        {
            position++;
            if (!ParseCodePoint(pattern, ref position, out last) || last < first)
            {
                return false;
            }
        }

        builder.Ranges.Add((first, last));
        return true;
    }

    private static bool ParseEscapedSet(string pattern, ref int position, ClassBuilder builder)
    {
        switch (pattern[position + 1])
        {
            case 's':
                builder.WhiteSpace = true;
                position += 2;
                return true;
            case 'd':
                builder.Categories |= 1 << (int)UnicodeCategory.DecimalDigitNumber;
                position += 2;
                return true;
            case 'p':
                int close = pattern.IndexOf('}', position);
                if (close < 0 || !pattern.AsSpan(position).StartsWith("\\p{") || CategoriesOf(pattern[(position + 3)..close]) is not { } categories)
                {
                    return false;
                }

                builder.Categories |= categories;
                position = close + 1;
                return true;
            default:
                return false;
        }
    }

    private static bool ParseCodePoint(string pattern, ref int position, out int codePoint)
    {
        codePoint = 0;
        if (position >= pattern.Length)
        {
            return false;
        }

        if (pattern[position] == '\\')
        {
            if (position + 1 >= pattern.Length)
            {
                return false;
            }

            char escaped = pattern[position + 1];
            codePoint = escaped switch
            {
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                _ => char.IsAscii(escaped) && !char.IsAsciiLetterOrDigit(escaped) ? escaped : -1,
            };
            position += 2;
            return codePoint >= 0;
        }

        Rune.DecodeFromUtf16(pattern.AsSpan(position), out Rune rune, out int length);
        codePoint = rune.Value;
        position += length;
        return true;
    }

    private static int? CategoriesOf(string name) => name switch
    {
        "L" => Bits(UnicodeCategory.UppercaseLetter, UnicodeCategory.OtherLetter),
        "Lu" => Bits(UnicodeCategory.UppercaseLetter, UnicodeCategory.UppercaseLetter),
        "Ll" => Bits(UnicodeCategory.LowercaseLetter, UnicodeCategory.LowercaseLetter),
        "Lt" => Bits(UnicodeCategory.TitlecaseLetter, UnicodeCategory.TitlecaseLetter),
        "Lm" => Bits(UnicodeCategory.ModifierLetter, UnicodeCategory.ModifierLetter),
        "Lo" => Bits(UnicodeCategory.OtherLetter, UnicodeCategory.OtherLetter),
        "M" => Bits(UnicodeCategory.NonSpacingMark, UnicodeCategory.EnclosingMark),
        "N" => Bits(UnicodeCategory.DecimalDigitNumber, UnicodeCategory.OtherNumber),
        "Nd" => Bits(UnicodeCategory.DecimalDigitNumber, UnicodeCategory.DecimalDigitNumber),
        "P" => Bits(UnicodeCategory.ConnectorPunctuation, UnicodeCategory.OtherPunctuation),
        "S" => Bits(UnicodeCategory.MathSymbol, UnicodeCategory.OtherSymbol),
        _ => null,
    };

    /// <summary>A bit for each category from one to another; related categories have neighbouring numbers.</summary>
    private static int Bits(UnicodeCategory first, UnicodeCategory last) => (1 << ((int)last + 1)) - (1 << (int)first);

    private sealed class ClassBuilder
    {
        internal int Categories { get; set; }

        internal bool WhiteSpace { get; set; }

        internal List<(int First, int Last)> Ranges { get; } = [];
    }
}
