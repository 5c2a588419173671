namespace LongContext.Models.Architectures;

/// <summary>Qwen2 and Qwen2.5: Llama with biases on Q, K and V; long contexts through YaRN.</summary>
internal sealed class Qwen2 : Architecture
{
    /// <inheritdoc/>
    internal override string Name => "qwen2";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "Qwen2ForCausalLM";

    /// <inheritdoc/>
    internal override IReadOnlyList<WeightRole> LayerWeights { get; } =
        [.. LlamaLayer, WeightRole.QBias, WeightRole.KBias, WeightRole.VBias];

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = fields.Common(Name);
        return config with { LayerWindows = UpperLayerWindows(fields, config.Layers) };
    }

    /// <inheritdoc/>
    internal override ModelConfig FromGguf(GgufFields fields) => fields.Common();

    /// <summary>Qwen's windows: off unless switched on, and then only from layer max_window_layers up.</summary>
    internal static IReadOnlyList<int> UpperLayerWindows(HuggingFaceFields fields, int layers)
    {
        if (!(fields.Json.GetBoolean("use_sliding_window") ?? false))
        {
            return [];
        }

        long first = fields.Json.GetInteger("max_window_layers") ?? layers;
        return fields.Windows(layers, layer => layer >= first);
    }
}
