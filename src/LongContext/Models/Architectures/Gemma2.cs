using LongContext.Loading;

namespace LongContext.Models.Architectures;

/// <summary>Gemma 2: scaled embeddings, norms before and after both halves of a layer, soft caps, a window on every other layer.</summary>
internal sealed class Gemma2 : Architecture
{
    private const int WindowPeriod = 2; // sliding, full, sliding, …
    private const int LayersOf27B = 46;
    private const int DefaultWindow = 4_096; // old GGUF files state none

    /// <inheritdoc/>
    internal override string Name => "gemma2";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "Gemma2ForCausalLM";

    /// <inheritdoc/>
    internal override IReadOnlyList<WeightRole> LayerWeights { get; } =
        [.. LlamaLayer, WeightRole.PostAttentionNorm, WeightRole.PostFeedForwardNorm];

    /// <inheritdoc/>
    internal override string WeightName(WeightRole role, WeightNaming naming) => GemmaFields.WeightName(role, naming);

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = GemmaFields.FromHuggingFace(fields, Name);
        return config with
        {
            AttentionSoftCap = (float)(fields.Json.GetNumber("attn_logit_softcapping") ?? 0),
            LogitSoftCap = (float)(fields.Json.GetNumber("final_logit_softcapping") ?? 0),
            LayerWindows = fields.Windows(config.Layers, layer => layer % WindowPeriod != WindowPeriod - 1),
        };
    }

    /// <inheritdoc/>
    internal override ModelConfig FromGguf(GgufFields fields)
    {
        ModelConfig config = GemmaFields.FromGguf(fields, LayersOf27B);
        return config with
        {
            AttentionSoftCap = (float)(fields.Number("attn_logit_softcapping") ?? 50),
            LogitSoftCap = (float)(fields.Number("final_logit_softcapping") ?? 30),
            LayerWindows = fields.Windows(config.Layers, layer => layer % WindowPeriod != WindowPeriod - 1, DefaultWindow),
        };
    }
}
