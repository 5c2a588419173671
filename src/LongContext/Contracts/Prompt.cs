namespace LongContext;

/// <summary>What the model reads: a long context, and what is asked of it.</summary>
/// <remarks>
/// Exact attention reads the context and then the query as one text. Methods that compress the context need to know the query
/// while they read it, which is why the two are kept apart from the start. A prompt without a query is all context.
/// No chat template is applied; the beginning-of-sequence token is added when the model wants one and the context is text.
/// </remarks>
public sealed class Prompt
{
    /// <summary>A prompt of a context and a query, each as text or ids.</summary>
    public Prompt(PromptPart context, PromptPart query = default) => (Context, Query) = (context, query);

    /// <summary>A prompt of one text.</summary>
    public Prompt(string text)
        : this(PromptPart.FromText(text))
    {
    }

    /// <summary>A long text and what is asked of it.</summary>
    public Prompt(string context, string query)
        : this(PromptPart.FromText(context), PromptPart.FromText(query))
    {
    }

    /// <summary>The long text.</summary>
    public PromptPart Context { get; }

    /// <summary>What is asked of it; may be empty.</summary>
    public PromptPart Query { get; }

    /// <summary>True for a rendered conversation: the chat template wrote the special tokens, none are added.</summary>
    internal bool HasSpecialTokens { get; init; }

    /// <summary>A prompt of token ids, taken as they are.</summary>
    public static Prompt FromTokens(IReadOnlyList<int> tokenIds) => new(PromptPart.FromTokens(tokenIds));

    /// <summary>A prompt of one text.</summary>
    public static Prompt FromString(string text) => new(text);

    /// <summary>A prompt of one text.</summary>
    public static implicit operator Prompt(string text) => new(text);
}
