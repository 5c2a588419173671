namespace LongContext;

/// <summary>What a request cost.</summary>
/// <param name="PromptTokens">Tokens of the prompt, special tokens included.</param>
/// <param name="CachedTokens">Of those, tokens whose keys and values were already in the cache from an earlier request.</param>
/// <param name="NewTokens">Tokens generated, an end-of-sequence token included.</param>
/// <param name="TimeToFirstToken">From submission to the first generated token.</param>
/// <param name="TotalTime">From submission to the end.</param>
public sealed record TokenUsage(int PromptTokens, int CachedTokens, int NewTokens, TimeSpan TimeToFirstToken, TimeSpan TotalTime)
{
    /// <summary>What the prompt's context was read with: the session's method, or full attention where that would not have paid.</summary>
    public AttentionMethod Attention { get; init; }
}
