using System.Text;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Tokenizers.MicrosoftML;

/// <summary>An <see cref="ITokenizer"/> over a tokenizer of Microsoft.ML.Tokenizers.</summary>
/// <remarks>
/// Special tokens are handled here: create the inner tokenizer without special tokens, beginning or end of sentence.
/// Time and stack are the inner tokenizer's; LongContext's own tokenizers promise linear time, this adapter cannot.
/// </remarks>
public sealed class MicrosoftMLTokenizer : ITokenizer
{
    private readonly Tokenizer _inner;
    private readonly MicrosoftMLVocabulary _vocabulary;
    private readonly Dictionary<int, string> _specialTexts;
    private readonly string[] _specialByLength;

    /// <summary>Wraps <paramref name="inner"/>.</summary>
    /// <param name="inner">Encodes and decodes plain text.</param>
    /// <param name="vocabulary">The rest.</param>
    /// <exception cref="ArgumentException">A special token is empty or outside the vocabulary.</exception>
    public MicrosoftMLTokenizer(Tokenizer inner, MicrosoftMLVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary.VocabularySize, 1, nameof(vocabulary));
        (_inner, _vocabulary, _specialTexts) = (inner, vocabulary, []);
        foreach ((string text, int id) in vocabulary.SpecialTokenTexts)
        {
            if (text.Length == 0 || id < 0 || id >= vocabulary.VocabularySize)
            {
                throw new ArgumentException($"Special token \"{text}\" has id {id}; texts must not be empty and ids below {vocabulary.VocabularySize}.", nameof(vocabulary));
            }

            _specialTexts[id] = text;
        }

        _specialByLength = [.. vocabulary.SpecialTokenTexts.Keys.OrderByDescending(t => t.Length)];
    }

    /// <inheritdoc/>
    public int VocabularySize => _vocabulary.VocabularySize;

    /// <inheritdoc/>
    public SpecialTokens SpecialTokens => _vocabulary.SpecialTokens;

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(
        string text, EncodeOptions options = EncodeOptions.AddSpecialTokens | EncodeOptions.ParseSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = WithoutLoneSurrogates(text);
        bool adds = options.HasFlag(EncodeOptions.AddSpecialTokens);
        List<int> ids = adds ? [.. _vocabulary.Prefix] : [];
        if (options.HasFlag(EncodeOptions.ParseSpecialTokens) && _specialByLength.Length > 0)
        {
            AppendParsed(text, ids);
        }
        else if (text.Length > 0)
        {
            ids.AddRange(_inner.EncodeToIds(text));
        }

        if (adds)
        {
            ids.AddRange(_vocabulary.Suffix);
        }

        return ids;
    }

    /// <inheritdoc/>
    /// <remarks>Between written-out special tokens each run of ids is decoded on its own.</remarks>
    public string Decode(IReadOnlyList<int> ids, DecodeOptions options = DecodeOptions.None)
    {
        ArgumentNullException.ThrowIfNull(ids);
        StringBuilder text = new();
        List<int> run = [];
        foreach (int id in ids)
        {
            if (!IsSpecial(id))
            {
                run.Add(id);
            }
            else if (!options.HasFlag(DecodeOptions.SkipSpecialTokens))
            {
                text.Append(DecodeRun(run)).Append(_specialTexts[id]);
                run.Clear();
            }
        }

        return text.Append(DecodeRun(run)).ToString();
    }

    /// <inheritdoc/>
    public IDetokenizer CreateDetokenizer(DecodeOptions options = DecodeOptions.None) => new WindowDetokenizer(this, options);

    /// <inheritdoc/>
    public int? FindToken(string token)
    {
        ArgumentException.ThrowIfNullOrEmpty(token);
        if (_vocabulary.SpecialTokenTexts.TryGetValue(token, out int special))
        {
            return special;
        }

        IReadOnlyList<EncodedToken> tokens = _inner.EncodeToTokens(token, out _);
        return tokens is [var only] && only.Value == token ? only.Id : null;
    }

    /// <inheritdoc/>
    /// <remarks>The decoded token: the inner tokenizer does not tell how its vocabulary writes it.</remarks>
    public string? TokenText(int id) => id < 0 || id >= VocabularySize
        ? null
        : _specialTexts.TryGetValue(id, out string? text) ? text : DecodeRun([id]);

    /// <summary>Whether <paramref name="id"/> is a special token with a text.</summary>
    /// <exception cref="InvalidRequestException">It is not in the vocabulary.</exception>
    internal bool IsSpecial(int id) => id < 0 || id >= VocabularySize
        ? throw new InvalidRequestException("token id", id, $"0 to {VocabularySize - 1}")
        : _specialTexts.ContainsKey(id);

    /// <summary>The text of a special token.</summary>
    internal string SpecialText(int id) => _specialTexts[id];

    /// <summary>The text of ids none of which is special.</summary>
    internal string DecodeRun(List<int> ids) => ids.Count == 0 ? "" : _inner.Decode(ids) ?? "";

    private static string WithoutLoneSurrogates(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
        ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))
        : text;

    private void AppendParsed(string text, List<int> ids)
    {
        int start = 0;
        for (int i = 0; i < text.Length;)
        {
            string? special = null;
            foreach (string candidate in _specialByLength)
            {
                if (string.CompareOrdinal(text, i, candidate, 0, candidate.Length) == 0)
                {
                    special = candidate;
                    break;
                }
            }

            if (special is null)
            {
                i++;
                continue;
            }

            AppendPlain(text, start, i, ids);
            ids.Add(_vocabulary.SpecialTokenTexts[special]);
            i += special.Length;
            start = i;
        }

        AppendPlain(text, start, text.Length, ids);
    }

    private void AppendPlain(string text, int start, int end, List<int> ids)
    {
        if (end > start)
        {
            ids.AddRange(_inner.EncodeToIds(text[start..end]));
        }
    }
}
