namespace LongContext;

/// <summary>How the next token is chosen. The default is greedy: always the likeliest token.</summary>
public sealed record SamplingOptions
{
    /// <summary>Greedy.</summary>
    public static SamplingOptions Greedy { get; } = new();

    /// <summary>Divides the logits; 0 (the default) is greedy, 1 the model's own distribution. 0 to 100.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep the K likeliest tokens; 0 (the default) or more than there are keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the likeliest tokens whose probabilities reach P; 1 (the default) keeps all. Above 0, at most 1.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Drop tokens less likely than P times the likeliest; 0 (the default) drops none. 0 to 1.</summary>
    public float MinP { get; init; }

    /// <summary>Logits of tokens seen in prompt or output are divided (if positive) or multiplied by it; 1 (the default) is off. 0.01 to 100.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from logits of tokens generated at least once; 0 (the default) is off. −100 to 100.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from logits per generated occurrence; 0 (the default) is off. −100 to 100.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of single tokens, by id. −10,000 to 10,000; negative infinity bans a token.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Seed of this request's random numbers; the same seed gives the same tokens. Default 0.</summary>
    public ulong Seed { get; init; }
}
