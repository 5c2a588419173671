using LongContext.Loading;

namespace LongContext.Models;

/// <summary>What sets one family of models apart: how its configuration maps and which tensors it has. Knows no computation.</summary>
internal abstract class Architecture
{
    /// <summary>The tensors of a Llama layer; most families have these and a few more.</summary>
    protected static readonly WeightRole[] LlamaLayer =
    [
        WeightRole.AttentionNorm, WeightRole.Q, WeightRole.K, WeightRole.V, WeightRole.AttentionOutput,
        WeightRole.FeedForwardNorm, WeightRole.Gate, WeightRole.Up, WeightRole.Down,
    ];

    /// <summary>Our name, also GGUF's <c>general.architecture</c>.</summary>
    internal abstract string Name { get; }

    /// <summary><c>model_type</c> in config.json, by which a file that names no class is known.</summary>
    internal virtual string HuggingFaceType => Name;

    /// <summary><c>architectures[0]</c> in config.json.</summary>
    internal abstract string HuggingFaceClass { get; }

    /// <summary>The tensors of every layer.</summary>
    internal virtual IReadOnlyList<WeightRole> LayerWeights => LlamaLayer;

    /// <summary>Maps config.json.</summary>
    internal abstract ModelConfig FromHuggingFace(HuggingFaceFields fields);

    /// <summary>Maps GGUF metadata.</summary>
    internal abstract ModelConfig FromGguf(GgufFields fields);

    /// <summary>What a file calls a tensor, without the layer's prefix.</summary>
    internal virtual string WeightName(WeightRole role, WeightNaming naming) => WeightNames.Usual(role, naming);
}
