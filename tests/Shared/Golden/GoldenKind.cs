namespace LongContext.Tests.Shared.Golden;

/// <summary>What a tensor is, as far as its values and its type in a file depend on it.</summary>
internal enum GoldenKind
{
    /// <summary>Weights of a linear layer.</summary>
    Matrix,

    /// <summary>Embedding or output matrix.</summary>
    Embedding,

    /// <summary>Weights of a norm: near 1.</summary>
    Norm,

    /// <summary>Weights of a norm that the model adds 1 to (Gemma): near 0 in a Hugging Face folder, near 1 in GGUF.</summary>
    ShiftedNorm,

    /// <summary>A bias: small.</summary>
    Bias,

    /// <summary>Rotary factors: given, not random. Only in GGUF.</summary>
    Rope,
}
