using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.AddedTokens;

/// <summary>Cuts text at added tokens: from left to right, the longest at each place, without overlap. Thread-safe.</summary>
internal sealed class AddedTokenSplitter
{
    private const int MaxUnits = 1 << 20; // each may be a state of the matcher; models with 65,000 added tokens have 800,000

    private readonly IReadOnlyList<AddedToken> _tokens;
    private readonly IReadOnlyList<string> _texts;
    private readonly AddedTokenMatcher? _matcher;

    /// <summary>A splitter at <paramref name="tokens"/>.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="normalize">What is done to their texts before they are looked for.</param>
    /// <exception cref="UnsupportedModelException">The texts are too long in all.</exception>
    internal AddedTokenSplitter(IEnumerable<AddedToken> tokens, Func<string, string> normalize)
    {
        List<AddedToken> found = [];
        List<string> texts = [];
        int units = 0;
        foreach (AddedToken token in tokens)
        {
            string text = normalize(token.Content);
            if (text.Length > MaxUnits - units)
            {
                throw new UnsupportedModelException(
                    $"added tokens of more than {MaxUnits} UTF-16 units in all", "shorter or fewer added tokens");
            }

            if (text.Length > 0)
            {
                units += text.Length;
                found.Add(token);
                texts.Add(text);
            }
        }

        (_tokens, _texts) = (found, texts);
        _matcher = texts.Count > 0 ? new AddedTokenMatcher(texts) : null;
    }

    /// <summary>The parts of <paramref name="text"/> in order; none is empty.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="parseSpecial">Whether special tokens are recognised; where not, they are plain text.</param>
    internal List<TextSegment> Split(string text, bool parseSpecial)
    {
        List<TextSegment> segments = [];
        int done = 0;
        if (_matcher is not null)
        {
            List<(int Start, int Index)> matches = [];
            _matcher.FindAll(text, matches);
            int considered = 0;
            for (int i = matches.Count - 1; i >= 0; i--)
            {
                (int start, int index) = matches[i];
                if (start < considered)
                {
                    continue; // inside the match before
                }

                considered = start + _texts[index].Length;
                if (start >= done && Accepts(text, start, considered, _tokens[index], parseSpecial))
                {
                    done = Emit(text, start, considered, _tokens[index], done, segments);
                }
            }
        }

        if (done < text.Length)
        {
            segments.Add(new TextSegment(done, text.Length, null));
        }

        return segments;
    }

    private static bool Accepts(string text, int start, int end, AddedToken token, bool parseSpecial) =>
        (parseSpecial || !token.IsSpecial)
        && (!token.Traits.HasFlag(AddedTokenTraits.SingleWord)
            || ((start == 0 || !IsWordAt(text, start - 1)) && !IsWordAt(text, end)));

    private static int Emit(string text, int start, int end, AddedToken token, int done, List<TextSegment> segments)
    {
        while (token.Traits.HasFlag(AddedTokenTraits.StripsLeft) && start > done && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.Traits.HasFlag(AddedTokenTraits.StripsRight) && end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        if (done < start)
        {
            segments.Add(new TextSegment(done, start, null));
        }

        segments.Add(new TextSegment(start, end, token));
        return end;
    }

    private static bool IsWordAt(string text, int position)
    {
        position -= position > 0 && position < text.Length && char.IsLowSurrogate(text[position]) ? 1 : 0;
        return WordCharacters.Class.Width(text, position) > 0;
    }
}
