using System.Globalization;
using LongContext.Loading;
using LongContext.Tokenization.AddedTokens;

namespace LongContext.Tokenization.Gguf;

/// <summary>The tokens of a GGUF file with their types, checked against each other.</summary>
internal sealed class GgufTokens
{
    private static readonly string[] RightStrippingExceptions = ["<unk>", "<s>", "<|endoftext|>"];

    private readonly GgufMetadata _metadata;
    private readonly string[] _texts;
    private readonly long[]? _types;

    /// <summary>Reads <c>tokens</c> and <c>token_type</c>.</summary>
    internal GgufTokens(GgufMetadata metadata)
    {
        _metadata = metadata;
        _texts = metadata.RequireStrings(GgufKeys.Tokens);
        _types = metadata.GetIntegers(GgufKeys.TokenType);
        if (_texts.Length is 0 or > Vocabulary.MaxSize)
        {
            throw new ModelFormatException(metadata.File, GgufKeys.Tokens, $"{_texts.Length} tokens; there must be 1 to {Vocabulary.MaxSize}.");
        }

        RequireLength(_types?.Length, GgufKeys.TokenType);
        All = MakeVocabulary(static _ => true);
    }

    /// <summary>How many there are.</summary>
    internal int Count => _texts.Length;

    /// <summary>All of them.</summary>
    internal Vocabulary All { get; }

    /// <summary>The type of a token.</summary>
    internal GgufTokenType TypeOf(int id) => _types is null ? GgufTokenType.Normal : (GgufTokenType)_types[id];

    /// <summary>Those of some types, with the same ids.</summary>
    internal Vocabulary MakeVocabulary(Func<GgufTokenType, bool> belongs)
    {
        Vocabulary vocabulary = new(_metadata.File, _texts.Length);
        for (int id = 0; id < _texts.Length; id++)
        {
            if (belongs(TypeOf(id)))
            {
                // An empty text is an unused id; it needs a name of its own.
                vocabulary.Add(_texts[id].Length > 0 ? _texts[id] : string.Create(CultureInfo.InvariantCulture, $"[EMPTY_{id}]"), id);
            }
        }

        return vocabulary;
    }

    /// <summary>Control and unknown tokens are special; user-defined ones are found in any text.</summary>
    internal IReadOnlyList<AddedToken> MakeAddedTokens()
    {
        string name = _metadata.GetString("general.name") ?? "";
        bool stripsRight = name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || name.Contains("phi3", StringComparison.OrdinalIgnoreCase);
        List<AddedToken> tokens = [];
        for (int id = 0; id < _texts.Length; id++)
        {
            GgufTokenType type = TypeOf(id);
            if (_texts[id].Length > 0 && type is GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.UserDefined)
            {
                AddedTokenTraits traits = type == GgufTokenType.UserDefined ? AddedTokenTraits.None : AddedTokenTraits.Special;
                if (stripsRight && !RightStrippingExceptions.Contains(_texts[id]))
                {
                    traits |= AddedTokenTraits.StripsRight; // Phi-3's; GGUF has no key for it
                }

                tokens.Add(new AddedToken(id, _texts[id], traits));
            }
        }

        return tokens;
    }

    /// <summary>The id under a key, or null.</summary>
    internal int? GetId(string key)
    {
        if (_metadata.GetInteger(key) is not { } id)
        {
            return null;
        }

        return id >= 0 && id < Count
            ? (int)id
            : throw new ModelFormatException(_metadata.File, key, $"id {id} is not in the vocabulary of {Count}.");
    }

    /// <summary>Refuses a list that is not as long as the tokens'.</summary>
    internal void RequireLength(int? length, string key)
    {
        if (length is { } found && found != Count)
        {
            throw new ModelFormatException(_metadata.File, key, $"{found} values for {Count} tokens.");
        }
    }
}
