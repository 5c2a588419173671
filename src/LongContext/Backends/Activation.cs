namespace LongContext.Backends;

/// <summary>The non-linearity of a gated feed-forward layer.</summary>
public enum Activation : byte
{
    /// <summary>x · sigmoid(x).</summary>
    Silu,

    /// <summary>GELU by the tanh approximation (Gemma).</summary>
    GeluTanh,

    /// <summary>GELU by the error function.</summary>
    Gelu,
}
