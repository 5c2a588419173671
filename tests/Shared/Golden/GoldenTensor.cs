namespace LongContext.Tests.Shared.Golden;

/// <summary>One tensor of a random model.</summary>
/// <param name="Name">GGUF's name: it seeds the values.</param>
/// <param name="Rows">Output features; 1 for vectors.</param>
/// <param name="Columns">Input features.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Amplitude">Largest magnitude of a matrix's values.</param>
/// <param name="Constants">The values, where they are not random.</param>
internal sealed record GoldenTensor(string Name, int Rows, int Columns, GoldenKind Kind, float Amplitude = 1, float[]? Constants = null)
{
    /// <summary>True for norms, biases and factors: stored as one dimension, F32 in GGUF.</summary>
    internal bool IsVector => Kind is not (GoldenKind.Matrix or GoldenKind.Embedding);

    /// <summary>Row-major dimensions.</summary>
    internal IReadOnlyList<long> Dimensions => IsVector ? [Columns] : [Rows, Columns];
}
