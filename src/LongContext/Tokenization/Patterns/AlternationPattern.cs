namespace LongContext.Tokenization.Patterns;

/// <summary>Branches tried in order at each position: the first that matches wins, as in a backtracking regex.</summary>
internal sealed class AlternationPattern(IAlternative[] alternatives) : IPattern
{
    /// <inheritdoc/>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start++)
        {
            foreach (IAlternative alternative in alternatives)
            {
                end = alternative.Match(text, start);
                if (end > start)
                {
                    return true;
                }
            }

            if (char.IsHighSurrogate(text[start]))
            {
                start++;
            }
        }

        end = start;
        return false;
    }
}
