namespace LongContext.Tokenization.Patterns;

/// <summary>The branches that look at a whole run of white space.</summary>
internal sealed class WhitespaceAlternative(WhitespaceKind kind) : IAlternative
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int position)
    {
        int end = position;
        while (end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        if (end == position)
        {
            return -1;
        }

        switch (kind)
        {
            case WhitespaceKind.UpToLastNewline:
                int newline = text[position..end].LastIndexOfAny('\r', '\n');
                return newline < 0 ? -1 : position + newline + 1;
            case WhitespaceKind.ButOneBeforeText:
                int kept = end == text.Length ? end : end - 1;
                return kept > position ? kept : -1;
            default:
                return end;
        }
    }
}
