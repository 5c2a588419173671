namespace LongContext.Tokenization.Decoders;

/// <summary>The texts of tokens that are whole characters by themselves, kept when first decoded. Thread-safe; 8 bytes a token and the texts.</summary>
internal sealed class TokenTexts(int vocabularySize)
{
    private readonly string?[] _texts = new string?[vocabularySize];

    /// <summary>The text of a token between others; null as long as nobody kept it.</summary>
    internal string? Find(int id) => Volatile.Read(ref _texts[id]);

    /// <summary>Keeps a text; who comes second brings the same.</summary>
    internal void Keep(int id, string text) => Volatile.Write(ref _texts[id], text);
}
