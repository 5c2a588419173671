using System.Text.RegularExpressions;

namespace LongContext.Accuracy.Ruler;

/// <summary>A text that haystacks and words are taken from; it begins anew where it ends.</summary>
internal sealed partial class Book(string text)
{
    private readonly string[] _words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Different words of letters alone, four or more of them, in lower case and in the order of the alphabet.</summary>
    internal IReadOnlyList<string> Vocabulary { get; } = [.. LongWords().Matches(text).Select(m => m.Value.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The first <paramref name="words"/> words as sentences.</summary>
    internal string[] Sentences(int words) =>
        SentenceEnds().Split(string.Join(' ', Enumerable.Range(0, words).Select(i => _words[i % _words.Length])));

    [GeneratedRegex(@"(?<![\w'’])[A-Za-z]{4,}(?![\w'’])")]
    private static partial Regex LongWords();

    [GeneratedRegex(@"(?<=[.!?]['""”’]?) ")]
    private static partial Regex SentenceEnds();
}
