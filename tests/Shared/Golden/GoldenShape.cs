namespace LongContext.Tests.Shared.Golden;

/// <summary>Size and kind of a random model.</summary>
internal sealed record GoldenShape
{
    internal required string Name { get; init; }

    /// <summary>llama, qwen2 or qwen3.</summary>
    internal required string Architecture { get; init; }

    internal required int HiddenSize { get; init; }

    internal required int Layers { get; init; }

    internal required int QHeads { get; init; }

    internal required int KVHeads { get; init; }

    internal required int HeadDim { get; init; }

    internal required int FeedForward { get; init; }

    internal required int Vocabulary { get; init; }

    /// <summary>The output matrix is the embedding.</summary>
    internal required bool Tied { get; init; }

    internal required double RopeBase { get; init; }

    internal required int Context { get; init; }

    internal required double Epsilon { get; init; }

    /// <summary>Factor on query and key weights: sharpens attention, so that position errors show in the logits.</summary>
    internal double QKGain { get; init; } = 1;

    /// <summary>Factor on embedding and output weights.</summary>
    internal double OutputGain { get; init; } = 1;

    /// <summary>Llama 3's rotary scaling, if any.</summary>
    internal GoldenLlama3Rope? Llama3 { get; init; }
}
