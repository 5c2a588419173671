namespace LongContext.Tokenization.Patterns;

/// <summary>
/// <c>A?B…C{m,n}D*</c>: an optional code point, fixed ones, a repeated one, and a tail. With nothing mandatory behind the repetition,
/// greedy matching needs no backtracking but to give up the optional first.
/// </summary>
internal sealed class ClassSequence(
    CharacterClass? optional, CharacterClass[] singles, CharacterClass repeated, int minimum, int maximum, CharacterClass? tail) : IAlternative
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int position)
    {
        int width = optional?.Width(text, position) ?? 0;
        int end = width > 0 ? MatchMandatory(text, position + width) : -1;
        return end >= 0 ? end : MatchMandatory(text, position);
    }

    private int MatchMandatory(ReadOnlySpan<char> text, int position)
    {
        foreach (CharacterClass single in singles)
        {
            int width = single.Width(text, position);
            if (width == 0)
            {
                return -1;
            }

            position += width;
        }

        int count = 0;
        for (int width; count < maximum && (width = repeated.Width(text, position)) > 0; count++)
        {
            position += width;
        }

        if (count < minimum)
        {
            return -1;
        }

        return tail is null ? position : tail.RunEnd(text, position);
    }
}
