namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>A row of queries against a page of keys, as the generated kernels hand it to each other: 64 scores, then 64 weights of a byte.</summary>
/// <remarks>
/// Softmax leaves a page's greatest weight's score, negated, where the first weights will lie; and 16 parts of the denominator in place
/// of the first scores.
/// </remarks>
internal static class ByteRow
{
    /// <summary>Where the weights begin.</summary>
    internal const int WeightOffset = BytePage.Keys * sizeof(float);

    /// <summary>All of it.</summary>
    internal const int Bytes = WeightOffset + BytePage.Keys;
}
