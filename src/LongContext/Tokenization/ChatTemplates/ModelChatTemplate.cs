using System.Text.Json;
using LongContext.Loading;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A model's chat template together with the special tokens that it writes. Immutable and thread-safe.</summary>
public sealed class ModelChatTemplate
{
    private ModelChatTemplate(ChatTemplate template, string? bosToken, string? eosToken) =>
        (Template, BosToken, EosToken) = (template, bosToken, eosToken);

    /// <summary>The template.</summary>
    public ChatTemplate Template { get; }

    /// <summary>How the model writes its beginning-of-sequence token; null if it has none.</summary>
    public string? BosToken { get; }

    /// <summary>How the model writes its end-of-sequence token; null if it has none.</summary>
    public string? EosToken { get; }

    /// <summary>Loads the chat template of a model alone, without its weights.</summary>
    /// <param name="path">A model folder or a GGUF file.</param>
    /// <exception cref="ChatTemplateException">The model has no chat template, or it is malformed.</exception>
    /// <exception cref="ModelFormatException">There is no model, or it is malformed.</exception>
    public static ModelChatTemplate Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using ModelFiles files = ModelDirectory.Open(path);
        string source = files.ChatTemplate ?? throw new ChatTemplateException($"the model '{path}' has none.");
        ChatTemplate template = ChatTemplate.Parse(source);
        if (files.Gguf is { } gguf)
        {
            return new ModelChatTemplate(template, TokenOf(gguf, "tokenizer.ggml.bos_token_id"), TokenOf(gguf, "tokenizer.ggml.eos_token_id"));
        }

        Lazy<ITokenizer?> tokenizer = new(() => files.TokenizerJsonPath is null ? null : TokenizerReader.Load(files));
        return new ModelChatTemplate(
            template,
            TokenOf(files.TokenizerConfig, "bos_token") ?? TextOf(tokenizer, t => t.BeginningOfSequence),
            TokenOf(files.TokenizerConfig, "eos_token") ?? TextOf(tokenizer, t => t.EndOfSequence.Count > 0 ? t.EndOfSequence[0] : null));
    }

    /// <summary>The text of a conversation; special tokens that <paramref name="input"/> leaves out are the model's.</summary>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, fails, or exceeds its budgets.</exception>
    public string Render(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Template.Render(input with { BosToken = input.BosToken ?? BosToken, EosToken = input.EosToken ?? EosToken });
    }

    private static string? TokenOf(GgufMetadata gguf, string key) =>
        gguf.GetInteger(key) is { } id && gguf.GetStrings("tokenizer.ggml.tokens") is { } tokens && (ulong)id < (ulong)tokens.Length ? tokens[id] : null;

    /// <summary>tokenizer_config.json writes a token as a text, or as an object with its content.</summary>
    private static string? TokenOf(JsonConfig? config, string key)
    {
        if (config is null || !config.Contains(key))
        {
            return null;
        }

        return config.Root.GetProperty(key).ValueKind == JsonValueKind.Object ? config.GetObject(key)!.RequireString("content") : config.GetString(key);
    }

    private static string? TextOf(Lazy<ITokenizer?> tokenizer, Func<SpecialTokens, int?> choose) =>
        tokenizer.Value is { } found && choose(found.SpecialTokens) is { } id ? found.TokenText(id) : null;
}
