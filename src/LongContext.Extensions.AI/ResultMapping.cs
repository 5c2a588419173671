using Microsoft.Extensions.AI;

namespace LongContext.Extensions.AI;

/// <summary>From what a generation reports to the abstraction's terms.</summary>
internal static class ResultMapping
{
    internal static ChatFinishReason Map(FinishReason reason) => reason switch
    {
        FinishReason.EndOfSequence or FinishReason.StopSequence => ChatFinishReason.Stop,
        FinishReason.Length => ChatFinishReason.Length,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a finish reason."),
    };

    internal static UsageDetails Map(TokenUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        CachedInputTokenCount = usage.CachedTokens,
        OutputTokenCount = usage.NewTokens,
        TotalTokenCount = (long)usage.PromptTokens + usage.NewTokens,
    };
}
