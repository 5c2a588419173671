using LongContext.Loading;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>The files beside tokenizer.json that say which tokens are special; each may be absent.</summary>
internal sealed record TokenizerSidecars
{
    /// <summary>Where they are, for messages.</summary>
    internal required string Name { get; init; }

    /// <summary>tokenizer_config.json.</summary>
    internal JsonConfig? TokenizerConfig { get; init; }

    /// <summary>config.json.</summary>
    internal JsonConfig? Config { get; init; }

    /// <summary>generation_config.json.</summary>
    internal JsonConfig? GenerationConfig { get; init; }
}
