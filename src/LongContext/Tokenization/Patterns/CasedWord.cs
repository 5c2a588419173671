namespace LongContext.Tokenization.Patterns;

/// <summary>
/// The words of GPT-4o's and Tekken's pattern: an optional other code point, then capitals before small letters.
/// Letters without case and marks count as both.
/// </summary>
/// <param name="lead">What may stand before the word.</param>
/// <param name="upper">Capitals and letters without case: <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>.</param>
/// <param name="lower">Small letters and letters without case: <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>.</param>
/// <param name="shape">Which of the two must be there.</param>
/// <param name="suffix">What may follow; null for nothing.</param>
internal sealed class CasedWord(CharacterClass lead, CharacterClass upper, CharacterClass lower, CasedWordShape shape, IAlternative? suffix) : IAlternative
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int position)
    {
        int width = lead.Width(text, position);
        int end = width > 0 ? MatchWord(text, position + width) : -1;
        if (end < 0)
        {
            end = MatchWord(text, position);
        }

        return end < 0 || suffix is null ? end : Math.Max(end, suffix.Match(text, end));
    }

    private int MatchWord(ReadOnlySpan<char> text, int position)
    {
        int upperEnd = upper.RunEnd(text, position);
        if (shape == CasedWordShape.UpperRequired)
        {
            return upperEnd == position ? -1 : lower.RunEnd(text, upperEnd);
        }

        int lowerEnd = lower.RunEnd(text, upperEnd);
        return lowerEnd > upperEnd ? lowerEnd : LastOfBoth(text, position, upperEnd);
    }

    /// <summary>With no small letter behind the capitals, the last letter without case among them ends the word.</summary>
    private int LastOfBoth(ReadOnlySpan<char> text, int start, int end)
    {
        while (end > start)
        {
            int previous = end - (char.IsLowSurrogate(text[end - 1]) ? 2 : 1);
            if (lower.Width(text, previous) > 0)
            {
                return end;
            }

            end = previous;
        }

        return -1;
    }
}
