namespace LongContext.Models.Architectures;

/// <summary>Qwen3: Llama with a norm on every query and key head, and a head dimension of its own.</summary>
internal sealed class Qwen3 : Architecture
{
    private const int DefaultHeadDim = 128;

    /// <inheritdoc/>
    internal override string Name => "qwen3";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "Qwen3ForCausalLM";

    /// <inheritdoc/>
    internal override IReadOnlyList<WeightRole> LayerWeights { get; } = [.. LlamaLayer, WeightRole.QNorm, WeightRole.KNorm];

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = fields.Common(Name, DefaultHeadDim);
        return config with { LayerWindows = Qwen2.UpperLayerWindows(fields, config.Layers) };
    }

    /// <inheritdoc/>
    internal override ModelConfig FromGguf(GgufFields fields) => fields.Common();
}
