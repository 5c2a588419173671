using System.Text.Json.Nodes;

namespace LongContext.Cli.Output;

/// <summary>The figures of one generation.</summary>
/// <param name="Usage">Counts and times.</param>
internal sealed record RunReport(TokenUsage Usage)
{
    /// <summary>Prompt tokens computed (not found in the cache) per second; their time ends with the first new token.</summary>
    internal double PrefillTokensPerSecond => (Usage.PromptTokens - Usage.CachedTokens) / Usage.TimeToFirstToken.TotalSeconds;

    /// <summary>New tokens after the first one, per second; null when there is only one.</summary>
    internal double? DecodeTokensPerSecond => Usage.NewTokens > 1 && Usage.TotalTime > Usage.TimeToFirstToken
        ? (Usage.NewTokens - 1) / (Usage.TotalTime - Usage.TimeToFirstToken).TotalSeconds
        : null;

    /// <summary>Adds the figures that <c>run</c>, <c>bench</c> and <c>chat</c> share.</summary>
    internal void AddTo(JsonObject json)
    {
        json["promptTokens"] = Usage.PromptTokens;
        json["cachedTokens"] = Usage.CachedTokens;
        json["newTokens"] = Usage.NewTokens;
        json["readWith"] = JsonNames.Of(Usage.Attention);
        json["ttftMs"] = Usage.TimeToFirstToken.TotalMilliseconds;
        json["totalMs"] = Usage.TotalTime.TotalMilliseconds;
        json["prefillTokensPerSecond"] = double.IsFinite(PrefillTokensPerSecond) ? PrefillTokensPerSecond : null;
        json["decodeTokensPerSecond"] = DecodeTokensPerSecond;
        json["peakRssBytes"] = PeakMemory.Bytes;
    }

    /// <summary>A line for people.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Usage.PromptTokens} prompt tokens ({Usage.CachedTokens} cached), first token after {Usage.TimeToFirstToken.TotalMilliseconds:F0} ms, ") +
        FormattableString.Invariant(
        $"prefill {PrefillTokensPerSecond:F0} tokens/s, decode {DecodeTokensPerSecond ?? 0:F1} tokens/s, peak memory {PeakMemory.Bytes / 1e6:F0} MB");
}
