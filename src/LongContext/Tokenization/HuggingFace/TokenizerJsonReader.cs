using LongContext.Loading;
using LongContext.Tokenization.AddedTokens;
using LongContext.Tokenization.Bpe;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads Hugging Face's tokenizer.json.</summary>
internal static class TokenizerJsonReader
{
    /// <summary>The tokenizer in a file.</summary>
    /// <exception cref="ModelFormatException">The file is malformed or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">It asks for something that is not implemented.</exception>
    internal static BpeTokenizer Read(string path, TokenizerSidecars sidecars) =>
        JsonFile.Read(path, root => Build(new JsonConfig(path, root), sidecars));

    private static BpeTokenizer Build(JsonConfig tokenizer, TokenizerSidecars sidecars)
    {
        JsonConfig model = tokenizer.GetObject("model") ?? throw new ModelFormatException(tokenizer.File, "model", "the key is missing.");
        Vocabulary vocabulary = BpeModelReader.ReadVocabulary(model);
        IReadOnlyList<AddedToken> added = AddedTokenReader.Read(tokenizer, vocabulary);
        Dictionary<string, int> addedIds = added.ToDictionary(t => t.Content, t => t.Id, StringComparer.Ordinal);
        int size = Math.Max(vocabulary.Size, added.Select(t => t.Id + 1).DefaultIfEmpty().Max());
        int? FindAdded(string text) => addedIds.TryGetValue(text, out int id) ? id : null;
        int? Find(string text) => FindAdded(text) ?? (vocabulary.Find(text) is >= 0 and int id ? id : null);

        BpeModel bpe = BpeModelReader.Read(model, vocabulary, FindAdded, added.Where(t => t.IsSpecial).Select(t => t.Id).ToHashSet());
        (List<int> prefix, List<int> suffix) = PostProcessorReader.Read(tokenizer, size);
        SpecialTokenReader reader = new(sidecars, Find, size);
        SpecialTokens special = reader.Read();
        if (special.Unknown is null && model.GetString("unk_token") is { Length: > 0 } unknown)
        {
            special = special with { Unknown = Find(unknown) };
        }

        reader.Adjust(special, prefix, suffix);
        return new BpeTokenizer(new TokenizerParts
        {
            Vocabulary = vocabulary,
            AddedTokens = added,
            Normalizer = NormalizerReader.Read(tokenizer),
            PreTokenizer = PreTokenizerReader.Read(tokenizer),
            Model = bpe,
            Decoder = DecoderReader.Read(tokenizer),
            Prefix = prefix,
            Suffix = suffix,
            SpecialTokens = special,
        });
    }
}
