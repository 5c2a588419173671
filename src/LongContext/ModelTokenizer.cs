using LongContext.Loading;
using LongContext.Tokenization;
using LongContext.Tokenization.ChatTemplates;

namespace LongContext;

/// <summary>A model's tokenizer and, if it has one, its chat template.</summary>
internal sealed record ModelTokenizer(ITokenizer Tokenizer, Func<IReadOnlyList<ChatMessage>, string>? RenderChat)
{
    /// <summary>Reads both, the tokenizer unless <paramref name="given"/> takes its place. Keeps nothing of <paramref name="files"/>.</summary>
    internal static ModelTokenizer Open(ModelFiles files, ITokenizer? given, TimeProvider clock)
    {
        ITokenizer tokenizer = given ?? TokenizerReader.Load(files);
        return new ModelTokenizer(tokenizer, files.ChatTemplate is { } source ? Renderer(source, TemplateTokens.Read(files, tokenizer), clock) : null);
    }

    private static Func<IReadOnlyList<ChatMessage>, string> Renderer(string source, TemplateTokens tokens, TimeProvider clock)
    {
        Lazy<ChatTemplate> template = new(() => ChatTemplate.Parse(source)); // a broken template must not keep the model from plain text
        return messages => template.Value.Render(
            new ChatTemplateInput { Messages = messages, BosToken = tokens.Bos, EosToken = tokens.Eos, TimeProvider = clock });
    }
}
