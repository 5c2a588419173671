using System.Buffers;
using System.Globalization;
using System.Text;

namespace LongContext.Tokenization.Patterns;

/// <summary>A set of code points: Unicode categories, white space, and ranges; possibly the complement.</summary>
internal sealed class CharacterClass
{
    private readonly ulong[] _plane0 = new ulong[0x10000 / 64];
    private readonly int _categories;
    private readonly bool _negated;
    private readonly (int First, int Last)[] _ranges;

    /// <summary>The class of code points of <paramref name="categories"/> or in <paramref name="ranges"/>.</summary>
    /// <param name="categories">Bit c is set for <see cref="UnicodeCategory"/> c.</param>
    /// <param name="whiteSpace">Whether white space belongs to it (always of plane 0).</param>
    /// <param name="ranges">Inclusive ranges of code points.</param>
    /// <param name="negated">Whether the class is all the others.</param>
    internal CharacterClass(int categories, bool whiteSpace, IEnumerable<(int First, int Last)> ranges, bool negated)
    {
        (_categories, _negated) = (categories, negated);
        (int First, int Last)[] all = [.. ranges];
        _ranges = [.. all.Where(r => r.Last > 0xFFFF)];
        for (int c = 0; c < 0x10000; c++)
        {
            bool inside = ((categories >> (int)CharUnicodeInfo.GetUnicodeCategory((char)c)) & 1) != 0 || (whiteSpace && char.IsWhiteSpace((char)c));
            Set(c, inside != negated);
        }

        foreach ((int first, int last) in all)
        {
            for (int c = first; c <= Math.Min(last, 0xFFFF); c++)
            {
                Set(c, !negated);
            }
        }
    }

    /// <summary>UTF-16 units of the code point at <paramref name="position"/> if it belongs to the class, else 0; 0 at the end.</summary>
    internal int Width(ReadOnlySpan<char> text, int position)
    {
        if ((uint)position >= (uint)text.Length)
        {
            return 0;
        }

        char c = text[position];
        if (!char.IsHighSurrogate(c))
        {
            return (int)(_plane0[c >> 6] >> (c & 63)) & 1;
        }

        return Rune.DecodeFromUtf16(text[position..], out Rune rune, out _) == OperationStatus.Done && ContainsAbovePlane0(rune.Value) ? 2 : 0;
    }

    /// <summary>Where the run of this class's code points that begins at <paramref name="position"/> ends.</summary>
    internal int RunEnd(ReadOnlySpan<char> text, int position)
    {
        for (int width; (width = Width(text, position)) > 0;)
        {
            position += width;
        }

        return position;
    }

    private bool ContainsAbovePlane0(int codePoint)
    {
        bool inside = ((_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint)) & 1) != 0;
        foreach ((int first, int last) in _ranges)
        {
            inside |= codePoint >= first && codePoint <= last;
        }

        return inside != _negated;
    }

    private void Set(int c, bool value)
    {
        ulong bit = 1UL << (c & 63);
        _plane0[c >> 6] = value ? _plane0[c >> 6] | bit : _plane0[c >> 6] & ~bit;
    }
}
