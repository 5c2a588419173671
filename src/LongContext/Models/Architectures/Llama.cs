using LongContext.Backends;

namespace LongContext.Models.Architectures;

/// <summary>Llama 2, 3 and 3.1+, and the many models of the same layers (SmolLM2); in GGUF files also Mistral.</summary>
internal sealed class Llama : Architecture
{
    /// <inheritdoc/>
    internal override string Name => "llama";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "LlamaForCausalLM";

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = fields.Common(Name);
        return config with { LayerWindows = fields.Windows(config.Layers, _ => false) };
    }

    /// <inheritdoc/>
    /// <remarks>Converters reorder the rows of Q and K of this architecture alone, so that neighbours form the rotary pairs.</remarks>
    internal override ModelConfig FromGguf(GgufFields fields)
    {
        ModelConfig config = fields.Common();
        return config with
        {
            RotaryLayout = RotaryLayout.Interleaved,
            LayerWindows = fields.Windows(config.Layers, _ => true),
        };
    }
}
