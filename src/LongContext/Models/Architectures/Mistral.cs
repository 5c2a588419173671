namespace LongContext.Models.Architectures;

/// <summary>Mistral 7B and Nemo: Llama with an optional sliding window on every layer. Its GGUF files say "llama".</summary>
internal sealed class Mistral : Architecture
{
    /// <inheritdoc/>
    internal override string Name => "mistral";

    /// <inheritdoc/>
    internal override string HuggingFaceClass => "MistralForCausalLM";

    /// <inheritdoc/>
    internal override ModelConfig FromHuggingFace(HuggingFaceFields fields)
    {
        ModelConfig config = fields.Common(Name);
        bool slides = fields.Json.Contains("sliding_window");
        return config with { LayerWindows = fields.Windows(config.Layers, _ => slides) };
    }

    /// <inheritdoc/>
    internal override ModelConfig FromGguf(GgufFields fields) =>
        throw new UnsupportedModelException($"{fields.File}: GGUF architecture 'mistral'", "Mistral models as GGUF architecture 'llama'");
}
