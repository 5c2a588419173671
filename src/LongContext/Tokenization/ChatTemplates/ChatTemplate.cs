namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A model's chat template: turns a conversation into the text the model was trained on. Immutable and thread-safe.</summary>
/// <remarks>
/// Our own interpreter of the part of Jinja that Hugging Face chat templates use. A template comes with a model and is not trusted: it reaches
/// nothing but its input and the clock, and is stopped after a million steps, 16 million characters or 64 levels.
/// </remarks>
public sealed class ChatTemplate
{
    private readonly Statement[] _statements;

    private ChatTemplate(string source, Statement[] statements) => (Source, _statements) = (source, statements);

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Jinja, at most 262,144 characters; <c>trim_blocks</c> and <c>lstrip_blocks</c> are on.</param>
    /// <exception cref="ChatTemplateException">It is malformed, too long or too deeply nested, or uses what chat templates have no use for.</exception>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Length <= TemplateLimits.SourceLength
            ? new ChatTemplate(source, StatementParser.Parse(source))
            : throw new ChatTemplateException($"The template has {source.Length} characters; the limit is {TemplateLimits.SourceLength}.");
    }

    /// <summary>The text of a conversation.</summary>
    /// <param name="input">Messages, tools, special tokens and whatever else the template asks for.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, fails, or exceeds its budgets.</exception>
    public string Render(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Interpreter.Run(new RenderContext(input.TimeProvider), _statements, InputValues.ScopeOf(input));
    }
}
