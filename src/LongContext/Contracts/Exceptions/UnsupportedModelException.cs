namespace LongContext;

/// <summary>The model is well-formed, but of an architecture, type or option that this version does not implement.</summary>
/// <param name="feature">What was asked for: "architecture 'mamba'", "GGUF tensor type IQ2_XS".</param>
/// <param name="supported">What there is instead.</param>
public sealed class UnsupportedModelException(string feature, string supported)
    : LongContextException($"{feature} is not supported. Supported: {supported}.")
{
    /// <summary>What was asked for.</summary>
    public string Feature { get; } = feature;
}
