namespace LongContext;

/// <summary>Limits and sampling of one request. Plain data, checked when the request is submitted.</summary>
public sealed record GenerationOptions
{
    /// <summary>Greedy, at most 256 new tokens.</summary>
    public static GenerationOptions Default { get; } = new();

    /// <summary>Most tokens to generate. Default 256; at least 1.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>How tokens are chosen. Default greedy.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>Texts that end the generation when they appear; at most 64, of 1 to 1,024 characters each. They are not part of the output.</summary>
    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>Token ids that end the generation, beside the model's own; at most 1,024.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>What to do at the model's end-of-sequence tokens. Default: stop.</summary>
    public EndOfSequenceHandling EndOfSequence { get; init; } = EndOfSequenceHandling.Stop;

    /// <summary>How many likeliest tokens to report beside each chosen one; null (the default) reports nothing. 0 to 100.</summary>
    public int? TopLogProbabilities { get; init; }

    /// <summary>Told of the prefill after every chunk, on the engine's thread: return at once.</summary>
    public IProgress<PrefillProgress>? PrefillProgress { get; init; }
}
