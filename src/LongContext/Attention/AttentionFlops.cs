namespace LongContext.Attention;

/// <summary>Floating-point operations of one forward pass over n tokens by the formulas of the APB paper (its Table 9), all hosts together.</summary>
/// <remarks>
/// Two operations a multiplication and addition. The term for the passing blocks is the paper's and may be low by a factor of two; the retaining
/// heads and the query's own pass are in none of them. <see cref="SequenceParallel.PrefillWork"/> counts what this library does.
/// </remarks>
internal static class AttentionFlops
{
    /// <summary>Exact attention, on any number of hosts.</summary>
    internal static double Full(AttentionModel m, double n) =>
        m.Layers * ((4 * n * Square(m)) + (4 * n * Square(m) / Group(m)) + (2 * n * n * m.HiddenSize) + (6 * n * m.HiddenSize * m.IntermediateSize));

    /// <summary>Star Attention: the anchor is the first block.</summary>
    internal static double Star(AttentionModel m, double n, double hosts) =>
        m.Layers / hosts * (
            (((8 * hosts) - 4) * n * Square(m)) + (((8 * hosts) - 4) / Group(m) * n * Square(m))
            + (((8 * hosts) - 6) / hosts * n * n * m.HiddenSize) + (((12 * hosts) - 6) * n * m.HiddenSize * m.IntermediateSize));

    /// <summary>APB.</summary>
    internal static double Apb(AttentionModel m, double n, double hosts, double anchorLength, double passingLength)
    {
        double rows = (n / hosts) + anchorLength;
        double perRow = 1 + (1 / Group(m)) + (1.5 * m.IntermediateSize / m.HiddenSize);
        double first = 4 * (perRow + (0.5 * n / (hosts * m.HiddenSize))) * (n / hosts) * Square(m);
        double others = 4 * (hosts - 1) * (perRow + (0.5 * rows / m.HiddenSize)) * rows * Square(m);
        return m.Layers * (first + others + (passingLength * hosts * (hosts - 1) * rows * m.HiddenSize));
    }

    private static double Square(AttentionModel m) => (double)m.HiddenSize * m.HiddenSize;

    private static double Group(AttentionModel m) => (double)m.QHeads / m.KVHeads;
}
