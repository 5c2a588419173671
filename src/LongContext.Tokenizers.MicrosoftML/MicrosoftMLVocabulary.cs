using LongContext.Tokenization;

namespace LongContext.Tokenizers.MicrosoftML;

/// <summary>What LongContext must know of a vocabulary and Microsoft.ML.Tokenizers does not tell.</summary>
public sealed record MicrosoftMLVocabulary
{
    /// <summary>Ids are 0 to VocabularySize − 1: the model's, special tokens included.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The tokens with a meaning of their own.</summary>
    public SpecialTokens SpecialTokens { get; init; } = new();

    /// <summary>How special tokens are written in a text, and their ids. None may be empty.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokenTexts { get; init; } = new Dictionary<string, int>();

    /// <summary>Ids put before a text when special tokens are added, usually the beginning-of-sequence token. Default none.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids put after a text when special tokens are added. Default none.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];
}
