namespace LongContext;

/// <summary>A prompt, with the tokens it may still generate, does not fit the session's context.</summary>
/// <param name="promptTokens">Length of the prompt in tokens, special tokens included.</param>
/// <param name="maxNewTokens">Tokens it may generate.</param>
/// <param name="contextLength">The session's context in tokens.</param>
public sealed class ContextLengthExceededException(int promptTokens, int maxNewTokens, int contextLength)
    : LongContextException(
        $"The prompt has {promptTokens} tokens and may generate {maxNewTokens} more, but this session's context is " +
        $"{contextLength} tokens. Shorten the prompt, lower MaxNewTokens, or build the session with " +
        $"UseContextLength({(long)promptTokens + maxNewTokens}).")
{
    /// <summary>Length of the prompt in tokens, special tokens included.</summary>
    public int PromptTokens { get; } = promptTokens;

    /// <summary>Tokens it may generate.</summary>
    public int MaxNewTokens { get; } = maxNewTokens;

    /// <summary>The session's context in tokens.</summary>
    public int ContextLength { get; } = contextLength;
}
