using System.Buffers;

namespace LongContext.Tokenization;

/// <summary>What a tokenizer accepts as text: its length, and well-formed UTF-16.</summary>
internal static class TextLimit
{
    /// <summary>Most UTF-16 units in one call: 64 M, some 16 million tokens.</summary>
    internal const int MaxLength = 1 << 26;

    private const char Replacement = '\uFFFD';
    private static readonly SearchValues<char> Surrogates = SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    /// <summary>The text with lone surrogates replaced by U+FFFD.</summary>
    /// <exception cref="InvalidRequestException">The text is too long.</exception>
    internal static string Clean(string text)
    {
        Check(text.Length);
        int first = text.AsSpan().IndexOfAny(Surrogates);
        return first < 0 ? text : ReplaceLone(text, first);
    }

    /// <summary>Refuses a length above <see cref="MaxLength"/>.</summary>
    internal static void Check(long length)
    {
        if (length > MaxLength)
        {
            throw new InvalidRequestException("text length", length, $"at most {MaxLength} UTF-16 units per call; encode it in parts");
        }
    }

    private static string ReplaceLone(string text, int first)
    {
        char[]? changed = null;
        for (int i = first; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
                continue;
            }

            changed ??= text.ToCharArray();
            changed[i] = Replacement;
        }

        return changed is null ? text : new string(changed);
    }
}
