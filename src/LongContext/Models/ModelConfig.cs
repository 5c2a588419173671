using LongContext.Backends;

namespace LongContext.Models;

/// <summary>Everything the forward pass must know of a model, flat; filled by its architecture from config.json or GGUF metadata.</summary>
internal sealed record ModelConfig
{
    /// <summary>Registry name: "llama", "mistral", "qwen2", "qwen3", "phi3", "gemma2", "gemma3".</summary>
    internal required string Architecture { get; init; }

    internal required int Layers { get; init; }

    internal required int HiddenSize { get; init; }

    internal required int IntermediateSize { get; init; }

    internal required int QHeads { get; init; }

    internal required int KVHeads { get; init; }

    internal required int HeadDim { get; init; }

    internal required int VocabularySize { get; init; }

    /// <summary>The longest context the model was made for.</summary>
    internal required int MaxContextLength { get; init; }

    internal required float RmsNormEpsilon { get; init; }

    /// <summary>Sliding window of layer l in tokens; 0 for none. Empty: no layer has one.</summary>
    internal IReadOnlyList<int> LayerWindows { get; init; } = [];

    /// <summary>1/√headDim unless the model says otherwise (Gemma).</summary>
    internal required float AttentionScale { get; init; }

    internal float AttentionSoftCap { get; init; }

    internal float LogitSoftCap { get; init; }

    internal float EmbeddingScale { get; init; } = 1;

    internal Activation Activation { get; init; } = Activation.Silu;

    /// <summary>True when the output matrix is the embedding table.</summary>
    internal bool TieWordEmbeddings { get; init; }

    internal RotaryLayout RotaryLayout { get; init; }
}
