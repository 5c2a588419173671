using LongContext.Backends;
using LongContext.Models.Rotary;

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

    /// <summary>Rotary frequencies of all layers, or of the layers without a window when <see cref="LocalRotary"/> is set.</summary>
    internal required RotaryParameters Rotary { get; init; }

    /// <summary>Rotary frequencies of the layers with a window (Gemma 3); null when they are the same.</summary>
    internal RotaryParameters? LocalRotary { get; init; }

    /// <summary>Sliding window of layer l in tokens; 0 for none. Empty: no layer has one.</summary>
    internal IReadOnlyList<int> LayerWindows { get; init; } = [];

    /// <summary>1/√headDim unless the model says otherwise (Gemma).</summary>
    internal required float AttentionScale { get; init; }

    internal float AttentionSoftCap { get; init; }

    internal float LogitSoftCap { get; init; }

    internal float EmbeddingScale { get; init; } = 1;

    /// <summary>Added to stored norm weights on loading: 1 for Gemma in Hugging Face folders, which store the weight less one.</summary>
    internal float NormOffset { get; init; }

    internal Activation Activation { get; init; } = Activation.Silu;

    /// <summary>True when the output matrix is the embedding table.</summary>
    internal bool TieWordEmbeddings { get; init; }

    internal RotaryLayout RotaryLayout { get; init; }

    /// <summary>Window of one layer; 0 for none.</summary>
    internal int Window(int layer) => LayerWindows.Count == 0 ? 0 : LayerWindows[layer];

    /// <summary>Scale, soft cap and window of one layer's attention.</summary>
    internal AttentionParameters AttentionOf(int layer) => new(AttentionScale, AttentionSoftCap, Window(layer));

    /// <summary>Whether the layer turns by <see cref="LocalRotary"/>.</summary>
    internal bool IsLocal(int layer) => LocalRotary is not null && Window(layer) > 0;
}
