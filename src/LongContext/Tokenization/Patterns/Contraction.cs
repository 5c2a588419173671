namespace LongContext.Tokenization.Patterns;

/// <summary><c>(?i:'s|'t|'re|'ve|'m|'ll|'d)</c>: an English contraction in either case.</summary>
internal sealed class Contraction : IAlternative
{
    private const char LongS = '\u017F'; // folds to s

    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int position)
    {
        if (position + 1 >= text.Length || text[position] != '\'')
        {
            return -1;
        }

        char first = Lower(text[position + 1]);
        if (first is 's' or 't' or 'm' or 'd' or LongS)
        {
            return position + 2;
        }

        char second = position + 2 < text.Length ? Lower(text[position + 2]) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? position + 3 : -1;
    }

    private static char Lower(char c) => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}
