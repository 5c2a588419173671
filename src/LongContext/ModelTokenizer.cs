using System.Text.Json;
using LongContext.Loading;
using LongContext.Tokenization;
using LongContext.Tokenization.ChatTemplates;

namespace LongContext;

/// <summary>A model's tokenizer and, if it has one, its chat template.</summary>
internal sealed record ModelTokenizer(ITokenizer Tokenizer, Func<IReadOnlyList<ChatMessage>, string>? RenderChat)
{
    private const string GgufEndOfSequence = "tokenizer.ggml.eos_token_id";

    /// <summary>Reads both, the tokenizer unless <paramref name="given"/> takes its place. Keeps nothing of <paramref name="files"/>.</summary>
    internal static ModelTokenizer Open(ModelFiles files, ITokenizer? given, TimeProvider clock)
    {
        ITokenizer tokenizer = given ?? TokenizerReader.Load(files);
        return new ModelTokenizer(tokenizer, files.ChatTemplate is { } source ? Renderer(source, files, tokenizer, clock) : null);
    }

    private static Func<IReadOnlyList<ChatMessage>, string> Renderer(string source, ModelFiles files, ITokenizer tokenizer, TimeProvider clock)
    {
        Lazy<ChatTemplate> template = new(() => ChatTemplate.Parse(source)); // a broken template must not keep the model from plain text
        int? begin = tokenizer.SpecialTokens.BeginningOfSequence;
        int? end = (int?)files.Gguf?.GetInteger(GgufEndOfSequence) ?? tokenizer.SpecialTokens.EndOfSequence.Cast<int?>().FirstOrDefault();
        string? beginText = Written(files.TokenizerConfig, "bos_token") ?? Text(tokenizer, begin);
        string? endText = Written(files.TokenizerConfig, "eos_token") ?? Text(tokenizer, end);
        return messages => template.Value.Render(
            new ChatTemplateInput { Messages = messages, BosToken = beginText, EosToken = endText, TimeProvider = clock });
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
