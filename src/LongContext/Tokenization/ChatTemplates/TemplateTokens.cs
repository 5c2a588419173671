using System.Text.Json;
using LongContext.Loading;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>The special tokens that a model's chat template writes, as the model writes them; null where it has none.</summary>
/// <param name="Bos">Beginning of sequence.</param>
/// <param name="Eos">End of sequence.</param>
internal sealed record TemplateTokens(string? Bos, string? Eos)
{
    private const string GgufEndOfSequence = "tokenizer.ggml.eos_token_id";

    /// <summary>From tokenizer_config.json if that names them, else from the tokenizer. Keeps nothing of <paramref name="files"/>.</summary>
    internal static TemplateTokens Read(ModelFiles files, ITokenizer tokenizer)
    {
        int? begin = tokenizer.SpecialTokens.BeginningOfSequence;
        int? end = (int?)files.Gguf?.GetInteger(GgufEndOfSequence) ?? tokenizer.SpecialTokens.EndOfSequence.Cast<int?>().FirstOrDefault();
        return new TemplateTokens(
            Written(files.TokenizerConfig, "bos_token") ?? Text(tokenizer, begin),
            Written(files.TokenizerConfig, "eos_token") ?? Text(tokenizer, end));
    }

    private static string? Text(ITokenizer tokenizer, int? id) =>
        id is { } token && (uint)token < (uint)tokenizer.VocabularySize ? tokenizer.TokenText(token) : null;

    /// <summary>tokenizer_config.json writes a token as a string or as an object with its content.</summary>
    private static string? Written(JsonConfig? config, string key)
    {
        if (config is null || !config.Root.TryGetProperty(key, out JsonElement value))
        {
            return null;
        }

        JsonElement content = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out JsonElement inner) ? inner : value;
        return content.ValueKind == JsonValueKind.String ? content.GetString() : null;
    }
}
