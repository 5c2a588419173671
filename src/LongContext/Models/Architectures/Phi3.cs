namespace LongContext.Models.Architectures;

/// <summary>Phi-3 and Phi-3.5: Llama with Q, K, V in one matrix and gate, up in another; long contexts through LongRoPE.</summary>
internal sealed class Phi3 : Architecture
{
    /// <inheritdoc/>
    internal override string Name => "phi3";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "Phi3ForCausalLM";

    /// <inheritdoc/>
    internal override IReadOnlyList<WeightRole> LayerWeights { get; } =
    [
        WeightRole.AttentionNorm, WeightRole.Qkv, WeightRole.AttentionOutput,
        WeightRole.FeedForwardNorm, WeightRole.GateUp, WeightRole.Down,
    ];

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = fields.Common(Name);
        bool slides = fields.Json.Contains("sliding_window");
        return config with { LayerWindows = fields.Windows(config.Layers, _ => slides) };
    }

    /// <inheritdoc/>
    internal override ModelConfig FromGguf(GgufFields fields)
    {
        ModelConfig config = fields.Common();
        return config with { LayerWindows = fields.Windows(config.Layers, _ => true) };
    }
}
