namespace LongContext.Tokenization.Patterns;

/// <summary>Finds matches in text from left to right; finding all of them takes time linear in the text.</summary>
internal interface IPattern
{
    /// <summary>The first match at or after <paramref name="from"/>; it is never empty.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="from">Where to begin; what stands before is not looked at.</param>
    /// <param name="start">Where the match begins.</param>
    /// <param name="end">Where it ends.</param>
    bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end);
}
