using System.Text;
using LongContext.Tokenization;

namespace LongContext.Tests.Engine;

/// <summary>Id 0 is "^" (beginning), 1 is "$" (end), the others are one letter each.</summary>
internal sealed class LetterTokenizer : ITokenizer
{
    internal const int BeginningOfSequence = 0;
    internal const int EndOfSequence = 1;
    private const string Letters = "^$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL";

    public int VocabularySize => Letters.Length;

    public SpecialTokens SpecialTokens { get; } = new() { BeginningOfSequence = BeginningOfSequence, EndOfSequence = [EndOfSequence] };

    public IReadOnlyList<int> Encode(string text, EncodeOptions options) =>
        [.. options.HasFlag(EncodeOptions.AddSpecialTokens) ? [BeginningOfSequence] : (int[])[], .. text.Select(c => Letters.IndexOf(c, StringComparison.Ordinal))];

    public string Decode(IReadOnlyList<int> ids, DecodeOptions options = DecodeOptions.None) => string.Concat(ids.Select(i => Text(i, options)));

    public IDetokenizer CreateDetokenizer(DecodeOptions options = DecodeOptions.None) => new Detokenizer(options);

    public int? FindToken(string token) => token.Length == 1 && Letters.Contains(token, StringComparison.Ordinal) ? Letters.IndexOf(token[0], StringComparison.Ordinal) : null;

    public string? TokenText(int id) => Letters[id].ToString();

    private static string Text(int id, DecodeOptions options) =>
        id < 2 && options.HasFlag(DecodeOptions.SkipSpecialTokens) ? "" : Letters[id].ToString();

    /// <summary>Holds every letter back until the next one, as a real one does with half characters.</summary>
    private sealed class Detokenizer(DecodeOptions options) : IDetokenizer
    {
        private readonly StringBuilder _held = new();

        public string Append(int id)
        {
            string ready = Flush();
            _held.Append(Text(id, options));
            return ready;
        }

        public string Flush()
        {
            string held = _held.ToString();
            _held.Clear();
            return held;
        }
    }
}
