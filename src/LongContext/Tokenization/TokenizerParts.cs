using LongContext.Tokenization.AddedTokens;
using LongContext.Tokenization.Bpe;
using LongContext.Tokenization.Decoders;
using LongContext.Tokenization.Normalizers;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization;

/// <summary>What a file says a tokenizer is made of, checked.</summary>
internal sealed record TokenizerParts
{
    /// <summary>The tokens of the model.</summary>
    internal required Vocabulary Vocabulary { get; init; }

    /// <summary>The tokens found before the model sees the text.</summary>
    internal required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>Rewrites text; null: nothing.</summary>
    internal INormalizer? Normalizer { get; init; }

    /// <summary>Cuts text into words; null: all of it is one.</summary>
    internal IPreTokenizer? PreTokenizer { get; init; }

    /// <summary>Turns words into ids.</summary>
    internal required BpeModel Model { get; init; }

    /// <summary>Turns tokens into text.</summary>
    internal required DecoderOptions Decoder { get; init; }

    /// <summary>Ids put before every text, if asked for.</summary>
    internal IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids put behind.</summary>
    internal IReadOnlyList<int> Suffix { get; init; } = [];

    /// <summary>The tokens with a meaning of their own.</summary>
    internal SpecialTokens SpecialTokens { get; init; } = new();
}
