using LongContext.Loading;
using LongContext.Tokenization.Gguf;
using LongContext.Tokenization.HuggingFace;

namespace LongContext.Tokenization;

/// <summary>Makes the tokenizer of an opened model, whatever its kind.</summary>
internal static class TokenizerReader
{
    /// <summary>The tokenizer of a model folder or GGUF file. Keeps nothing of <paramref name="files"/>.</summary>
    /// <exception cref="ModelFormatException">There is none, or it is malformed.</exception>
    /// <exception cref="UnsupportedModelException">It asks for something that is not implemented.</exception>
    internal static ITokenizer Load(ModelFiles files)
    {
        if (files.Gguf is { } metadata)
        {
            return GgufVocabReader.Read(metadata);
        }

        string path = files.TokenizerJsonPath ?? throw new ModelFormatException(files.Path, "tokenizer.json", "the folder has no such file.");
        return TokenizerJsonReader.Read(path, new TokenizerSidecars
        {
            Name = files.Path,
            TokenizerConfig = files.TokenizerConfig,
            Config = files.Config,
            GenerationConfig = files.GenerationConfig,
        });
    }
}
