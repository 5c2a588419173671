namespace LongContext.Tokenization.ChatTemplates;

/// <summary>Texts as Python counts them: by code points, where C# counts UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>Code points of a text.</summary>
    internal static int Length(RenderContext context, string text)
    {
        context.Search(text.Length);
        if (!HasPairs(text))
        {
            return text.Length;
        }

        context.Make(text.Length);
        return text.Length - CountPairs(text);
    }

    /// <summary>Where each code point begins, and the text's end; null if every unit is a code point.</summary>
    internal static int[]? Offsets(RenderContext context, string text)
    {
        context.Search(text.Length);
        if (!HasPairs(text))
        {
            return null;
        }

        context.Make(text.Length);
        int[] offsets = new int[text.Length - CountPairs(text) + 1];
        int unit = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = unit;
            unit += IsPair(text, unit) ? 2 : 1;
        }

        offsets[^1] = text.Length;
        return offsets;
    }

    /// <summary>Every code point as a text of its own.</summary>
    internal static object?[] Split(RenderContext context, string text)
    {
        context.Step(text.Length);
        int[]? offsets = Offsets(context, text);
        object?[] characters = new object?[offsets is null ? text.Length : offsets.Length - 1];
        for (int i = 0; i < characters.Length; i++)
        {
            characters[i] = offsets is null ? text[i].ToString() : text[offsets[i]..offsets[i + 1]];
        }

        return characters;
    }

    /// <summary>Order by code points, which differs from order by units beyond U+D7FF.</summary>
    internal static int Compare(string left, string right)
    {
        int common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        (char a, char b) = (left[common], right[common]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }

    private static bool HasPairs(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    private static bool IsPair(string text, int unit) =>
        unit + 1 < text.Length && char.IsHighSurrogate(text[unit]) && char.IsLowSurrogate(text[unit + 1]);

    private static int CountPairs(string text)
    {
        int pairs = 0;
        for (int unit = 0; unit < text.Length; unit++)
        {
            if (IsPair(text, unit))
            {
                pairs++;
                unit++;
            }
        }

        return pairs;
    }
}
