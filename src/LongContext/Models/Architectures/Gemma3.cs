using LongContext.Loading;
using LongContext.Models.Rotary;

namespace LongContext.Models.Architectures;

/// <summary>Gemma 3 (text): Gemma 2 without soft caps, but query and key norms, five local layers to a global one, two rotary bases.</summary>
internal sealed class Gemma3 : Architecture
{
    private const int WindowPeriod = 6; // five sliding, one full
    private const int LayersOf27B = 62;
    private const double LocalTheta = 10_000;

    /// <inheritdoc/>
    internal override string Name => "gemma3";

    /// <inheritdoc/>
    internal override string HuggingFaceType => "gemma3_text";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "Gemma3ForCausalLM";

    /// <inheritdoc/>
    internal override IReadOnlyList<WeightRole> LayerWeights { get; } =
        [.. LlamaLayer, WeightRole.QNorm, WeightRole.KNorm, WeightRole.PostAttentionNorm, WeightRole.PostFeedForwardNorm];

    /// <inheritdoc/>
    internal override string WeightName(WeightRole role, WeightNaming naming) => GemmaFields.WeightName(role, naming);

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = GemmaFields.FromHuggingFace(fields, Name);
        int period = fields.Integer("sliding_window_pattern", ConfigLimits.Layers, WindowPeriod);
        return config with
        {
            AttentionSoftCap = (float)(fields.Json.GetNumber("attn_logit_softcapping") ?? 0),
            LogitSoftCap = (float)(fields.Json.GetNumber("final_logit_softcapping") ?? 0),
            LayerWindows = fields.Windows(config.Layers, layer => (layer + 1) % period != 0),
            LocalRotary = HuggingFaceRotary.ReadLocal(fields, config.HeadDim, LocalTheta),
        };
    }

    /// <inheritdoc/>
    internal override ModelConfig FromGguf(GgufFields fields)
    {
        ModelConfig config = GemmaFields.FromGguf(fields, LayersOf27B);
        int period = fields.Integer("attention.sliding_window_pattern", ConfigLimits.Layers, WindowPeriod);
        return config with
        {
            LogitSoftCap = (float)(fields.Number("final_logit_softcapping") ?? 0),
            LayerWindows = fields.Windows(config.Layers, layer => (layer + 1) % period != 0),
            LocalRotary = new RotaryParameters(fields.Number("rope.freq_base_swa") ?? LocalTheta, config.HeadDim, new NoScaling()),
        };
    }
}
