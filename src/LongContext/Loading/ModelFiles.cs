namespace LongContext.Loading;

/// <summary>Everything a model folder or GGUF file offers, opened and checked, before anything large is allocated.</summary>
/// <remarks>Exactly one of <see cref="Config"/> (Hugging Face folder) and <see cref="Gguf"/> is set.</remarks>
internal sealed class ModelFiles : IDisposable
{
    /// <summary>What the user named.</summary>
    internal required string Path { get; init; }

    /// <summary>config.json.</summary>
    internal JsonConfig? Config { get; init; }

    /// <summary>generation_config.json, if there is one.</summary>
    internal JsonConfig? GenerationConfig { get; init; }

    /// <summary>tokenizer_config.json, if there is one.</summary>
    internal JsonConfig? TokenizerConfig { get; init; }

    /// <summary>Path of tokenizer.json, if there is one.</summary>
    internal string? TokenizerJsonPath { get; init; }

    /// <summary>The chat template: chat_template.jinja, else tokenizer_config.json's, else the GGUF's; null if none.</summary>
    internal string? ChatTemplate { get; init; }

    /// <summary>A GGUF file's key-value part.</summary>
    internal GgufMetadata? Gguf { get; init; }

    /// <summary>The weights; null in a vocabulary-only GGUF and in a folder without safetensors.</summary>
    internal IWeightSource? Weights { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Weights?.Dispose();
}
