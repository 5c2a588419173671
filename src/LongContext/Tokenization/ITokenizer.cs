namespace LongContext.Tokenization;

/// <summary>Turns text into token ids and back. Thread-safe.</summary>
/// <remarks>Encoding takes time linear in the text and constant stack for any input.</remarks>
public interface ITokenizer
{
    /// <summary>Ids are 0 to VocabularySize − 1; some may be unused.</summary>
    int VocabularySize { get; }

    /// <summary>The tokens with a meaning of their own.</summary>
    SpecialTokens SpecialTokens { get; }

    /// <summary>The ids of <paramref name="text"/>.</summary>
    /// <param name="text">Any text; lone surrogates become U+FFFD.</param>
    /// <param name="options">Whether special tokens are added, and recognised in the text.</param>
    IReadOnlyList<int> Encode(string text, EncodeOptions options = EncodeOptions.AddSpecialTokens | EncodeOptions.ParseSpecialTokens);

    /// <summary>The text of <paramref name="ids"/>; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="InvalidRequestException">An id is not in the vocabulary.</exception>
    string Decode(IReadOnlyList<int> ids, DecodeOptions options = DecodeOptions.None);

    /// <summary>A decoder that takes one id at a time and never splits a character.</summary>
    IDetokenizer CreateDetokenizer(DecodeOptions options = DecodeOptions.None);

    /// <summary>The id of a token written exactly so (special tokens too), or null.</summary>
    int? FindToken(string token);

    /// <summary>How the vocabulary writes token <paramref name="id"/>; null for an unused id.</summary>
    string? TokenText(int id);
}
