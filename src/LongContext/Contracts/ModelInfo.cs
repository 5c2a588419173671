namespace LongContext;

/// <summary>What a loaded model is.</summary>
public sealed record ModelInfo
{
    /// <summary>Architecture name: "llama", "qwen2", …</summary>
    public required string Architecture { get; init; }

    /// <summary>Number of weights.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes of the weights in the file.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layers.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Query heads.</summary>
    public required int QHeads { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KVHeads { get; init; }

    /// <summary>Features of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Tokens in the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The longest context the model was made for, in tokens.</summary>
    public required int MaxContextLength { get; init; }
}
