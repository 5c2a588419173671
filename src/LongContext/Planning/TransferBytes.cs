namespace LongContext.Planning;

/// <summary>Bytes that one host sends, one layer. Formulas over tokens s on n hosts.</summary>
internal static class TransferBytes
{
    /// <summary>Every part's keys and values travel n − 1 hops.</summary>
    internal static double Ring(ModelCost m, double s, int n) => (n - 1) * (s / n) * m.KVTokenBytes;

    /// <summary>All-to-all of queries, keys and values, then of outputs; KV heads are copied once there are more hosts than KV heads.</summary>
    internal static double Ulysses(ModelCost m, double s, int n) => Exchange(m, s / n, n);

    /// <summary>Ulysses in groups of <paramref name="inner"/>, then a ring across the groups.</summary>
    internal static (double Inner, double Ring) Usp(ModelCost m, double s, int n, int inner)
    {
        int outer = n / inner;
        double heads = Math.Max(m.KVWidth / inner, m.HeadDim);
        return (Exchange(m, s / n, inner), (outer - 1) * (s / outer) * 2 * heads * m.KVElementBytes);
    }

    /// <summary>Every block's passed keys and values to every host.</summary>
    internal static double Apb(ModelCost m, double passing, int n, int blocksPerHost = 1) => (n - 1) * blocksPerHost * passing * m.KVTokenBytes;

    /// <summary>One decoded token at its owner: queries out, states (out and lse, binary32) in.</summary>
    internal static double Decode(ModelCost m, int n) =>
        (n - 1) * ((m.QWidth * m.ExchangeElementBytes) + (4 * m.QWidth) + (4.0 * m.QHeads));

    /// <summary>The same at the busiest host when states are merged in a tree.</summary>
    internal static double DecodeTree(ModelCost m, int n)
    {
        int levels = n > 1 ? (int)Math.Ceiling(Math.Log2(n)) : 0;
        return levels * ((m.QWidth * m.ExchangeElementBytes) + (4 * m.QWidth) + (4.0 * m.QHeads));
    }

    /// <summary>What decoding would move if keys and values travelled to the owner, as a yardstick.</summary>
    internal static double DecodeMovingKV(ModelCost m, double s, int n) => (n - 1.0) / n * s * m.KVTokenBytes;

    private static double Exchange(ModelCost m, double tokens, int n) =>
        (n - 1.0) / n * tokens * ((2 * m.QWidth * m.ExchangeElementBytes) + (2 * Math.Max(m.KVWidth, (double)n * m.HeadDim) * m.KVElementBytes));
}
