using LongContext.Loading;

namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A model's chat template together with the special tokens that it writes. Immutable and thread-safe.</summary>
public sealed class ModelChatTemplate
{
    private readonly TemplateTokens _tokens;

    private ModelChatTemplate(ChatTemplate template, TemplateTokens tokens) => (Template, _tokens) = (template, tokens);

    /// <summary>The template.</summary>
    public ChatTemplate Template { get; }

    /// <summary>How the model writes its beginning-of-sequence token; null if it has none.</summary>
    public string? BosToken => _tokens.Bos;

    /// <summary>How the model writes its end-of-sequence token; null if it has none.</summary>
    public string? EosToken => _tokens.Eos;

    /// <summary>Loads the chat template of a model alone, without its weights.</summary>
    /// <param name="path">A model folder or a GGUF file, with a tokenizer.</param>
    /// <param name="linkRoot">
    /// Links among the model's files may lead anywhere under this folder, as those of the Hugging Face cache lead to its <c>blobs</c>;
    /// <see langword="null"/>: they must stay in the model's own folder.
    /// </param>
    /// <exception cref="ChatTemplateException">The model has no chat template, or it is malformed.</exception>
    /// <exception cref="ModelFormatException">There is no model or no tokenizer, or it is malformed.</exception>
    /// <exception cref="UnsupportedModelException">The tokenizer asks for something that is not implemented.</exception>
    public static ModelChatTemplate Load(string path, string? linkRoot = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using ModelFiles files = ModelDirectory.Open(path, linkRoot);
        string source = files.ChatTemplate ?? throw new ChatTemplateException($"the model '{path}' has none.");
        return new ModelChatTemplate(ChatTemplate.Parse(source), TemplateTokens.Read(files, TokenizerReader.Load(files)));
    }

    /// <summary>The text of a conversation; special tokens that <paramref name="input"/> leaves out are the model's.</summary>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, fails, or exceeds its budgets.</exception>
    public string Render(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Template.Render(input with { BosToken = input.BosToken ?? BosToken, EosToken = input.EosToken ?? EosToken });
    }
}
