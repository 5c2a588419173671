namespace LongContext.Tokenization.Patterns;

/// <summary><c>\s+$</c>: the white space at the very end.</summary>
internal sealed class TrailingWhitespacePattern : IPattern
{
    /// <inheritdoc/>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        end = text.Length;
        start = from + text[from..].TrimEnd().Length;
        return start < end;
    }
}
