namespace LongContext.Tokenization.Patterns;

/// <summary>One branch of a pattern.</summary>
internal interface IAlternative
{
    /// <summary>Where a match that begins at <paramref name="position"/> ends, or −1.</summary>
    int Match(ReadOnlySpan<char> text, int position);
}
