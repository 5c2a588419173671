using System.Text;
using LongContext.Tokenization.AddedTokens;
using LongContext.Tokenization.Bpe;
using LongContext.Tokenization.Decoders;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization;

/// <summary>
/// A byte-level or SentencePiece-style BPE tokenizer: added tokens, normalizer, pre-tokenizer, merges, and back.
/// Does not know which file its parts came from.
/// </summary>
internal sealed class BpeTokenizer : ITokenizer
{
    private readonly TokenizerParts _parts;
    private readonly TokenDecoder _decoder;
    private readonly AddedTokenSplitter _splitter;
    private readonly AddedTokenSplitter _normalizedSplitter;
    private readonly Dictionary<int, AddedToken> _addedById = [];
    private readonly Dictionary<string, int> _addedByText = new(StringComparer.Ordinal);

    /// <summary>A tokenizer of checked parts.</summary>
    internal BpeTokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _decoder = new TokenDecoder(parts.Decoder);
        foreach (AddedToken token in parts.AddedTokens)
        {
            _addedById.Add(token.Id, token);
            _addedByText.Add(token.Content, token.Id);
        }

        _splitter = new(parts.AddedTokens.Where(t => !t.Traits.HasFlag(AddedTokenTraits.Normalized)), static text => text);
        _normalizedSplitter = new(parts.AddedTokens.Where(t => t.Traits.HasFlag(AddedTokenTraits.Normalized)), Normalize);
        VocabularySize = Math.Max(parts.Vocabulary.Size, parts.AddedTokens.Select(t => t.Id + 1).DefaultIfEmpty().Max());
        Texts = new TokenTexts(VocabularySize);
    }

    /// <summary>What detokenizers found out.</summary>
    internal TokenTexts Texts { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public SpecialTokens SpecialTokens => _parts.SpecialTokens;

    /// <inheritdoc/>
    /// <exception cref="InvalidRequestException">The text is longer than 64 M UTF-16 units.</exception>
    public IReadOnlyList<int> Encode(string text, EncodeOptions options = EncodeOptions.AddSpecialTokens | EncodeOptions.ParseSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = TextLimit.Clean(text);
        bool parseSpecial = options.HasFlag(EncodeOptions.ParseSpecialTokens);
        List<int> ids = [];
        MergeBuffer buffer = new();
        if (options.HasFlag(EncodeOptions.AddSpecialTokens))
        {
            ids.AddRange(_parts.Prefix);
        }

        foreach (TextSegment segment in _splitter.Split(text, parseSpecial))
        {
            if (segment.Token is { } token)
            {
                ids.Add(token.Id);
            }
            else
            {
                string plain = segment.End - segment.Start == text.Length ? text : text[segment.Start..segment.End];
                EncodePlain(Normalize(plain), segment.Start == 0, parseSpecial, buffer, ids);
            }
        }

        if (options.HasFlag(EncodeOptions.AddSpecialTokens))
        {
            ids.AddRange(_parts.Suffix);
        }

        return ids;
    }

    /// <inheritdoc/>
    public string Decode(IReadOnlyList<int> ids, DecodeOptions options = DecodeOptions.None)
    {
        ArgumentNullException.ThrowIfNull(ids);
        StringBuilder text = new();
        IncrementalDetokenizer detokenizer = new(this, _decoder, options);
        for (int i = 0; i < ids.Count; i++)
        {
            text.Append(detokenizer.Append(ids[i]));
        }

        return text.Append(detokenizer.Flush()).ToString();
    }

    /// <inheritdoc/>
    public IDetokenizer CreateDetokenizer(DecodeOptions options = DecodeOptions.None) => new IncrementalDetokenizer(this, _decoder, options);

    /// <inheritdoc/>
    public int? FindToken(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        int id = _addedByText.TryGetValue(token, out int added) ? added : _parts.Vocabulary.Find(token);
        return id >= 0 ? id : null;
    }

    /// <inheritdoc/>
    public string? TokenText(int id) => _addedById.TryGetValue(id, out AddedToken? added) ? added.Content : _parts.Vocabulary.TextOf(id);

    /// <summary>How an id is written; null for an unused one.</summary>
    /// <exception cref="InvalidRequestException">The id is not in the vocabulary.</exception>
    internal string? Resolve(int id, out bool isAdded, out bool isSpecial)
    {
        if ((uint)id >= (uint)VocabularySize)
        {
            throw new InvalidRequestException("token id", id, $"0 to {VocabularySize - 1}, the ids of this vocabulary");
        }

        isAdded = _addedById.TryGetValue(id, out AddedToken? added);
        isSpecial = isAdded && added!.IsSpecial;
        return isAdded ? added!.Content : _parts.Vocabulary.TextOf(id);
    }

    private string Normalize(string text) => _parts.Normalizer?.Normalize(text) ?? text;

    private void EncodePlain(string text, bool beginsInput, bool parseSpecial, MergeBuffer buffer, List<int> ids)
    {
        foreach (TextSegment segment in _normalizedSplitter.Split(text, parseSpecial))
        {
            if (segment.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }

            string plain = segment.End - segment.Start == text.Length ? text : text[segment.Start..segment.End];
            PreTokenizedText words = new(plain, beginsInput && segment.Start == 0);
            _parts.PreTokenizer?.Split(words);
            foreach (TextPiece piece in words.Pieces)
            {
                _parts.Model.Encode(words.Text.AsSpan(piece.Start, piece.End - piece.Start), buffer, ids);
            }
        }
    }
}
