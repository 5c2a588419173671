namespace LongContext.Attention.SequenceParallel;

/// <summary>What reading a context costs, counted: rows through the model, and pairs of a row and a key that it sees.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Pairs">Pairs of row and key, for one head of one layer.</param>
internal readonly record struct PrefillWork(long Rows, long Pairs)
{
    /// <summary>Exact attention over <paramref name="contextLength"/> tokens.</summary>
    internal static PrefillWork Full(int contextLength) => new(contextLength, Triangle(contextLength));

    /// <summary>A geometry on one machine, where the anchor is computed once, or not at all when it is the context's own beginning.</summary>
    internal static PrefillWork OneMachine(PrefillGeometry geometry)
    {
        int anchor = geometry.Anchor.IsContext || geometry.Blocks.Count < 2 ? 0 : geometry.Anchor.Length;
        PrefillWork work = new(anchor, Triangle(anchor));
        for (int h = 0; h < geometry.Blocks.Count; h++)
        {
            work += Host(geometry, h, 0);
        }

        return work;
    }

    /// <summary>One of many machines: its block, and its own copy of the anchor.</summary>
    internal static PrefillWork OfHost(PrefillGeometry geometry, int host) => Host(geometry, host, host == 0 ? 0 : geometry.Anchor.Length);

    /// <summary>One rank of a session: its blocks, and the anchor once.</summary>
    internal static PrefillWork OfRank(PrefillGeometry geometry, BlockPlacement placement, int rank)
    {
        int anchor = placement.ComputesAnchor(geometry, rank) ? geometry.Anchor.Length : 0;
        PrefillWork work = new(anchor, Triangle(anchor));
        for (int h = 0; h < geometry.Blocks.Count; h++)
        {
            work += placement.RankOf(h) == rank ? Host(geometry, h, 0) : default;
        }

        return work;
    }

    /// <summary>Both together.</summary>
    public static PrefillWork operator +(PrefillWork a, PrefillWork b) => new(a.Rows + b.Rows, a.Pairs + b.Pairs);

    /// <summary>Floating-point operations, two a multiplication and addition, of the layers' matrices and attention. The compressor is not in it.</summary>
    internal double Flops(AttentionModel model)
    {
        double d = model.HiddenSize;
        double projections = 2 * d * model.HeadDim * ((2.0 * model.QHeads) + (2.0 * model.KVHeads));
        double feedForward = 6 * d * model.IntermediateSize;
        return model.Layers * ((Rows * (projections + feedForward)) + (4.0 * Pairs * model.QHeads * model.HeadDim));
    }

    private static PrefillWork Host(PrefillGeometry geometry, int host, int anchorRows)
    {
        long rows = geometry.Blocks.Length(host);
        return new PrefillWork(rows + anchorRows, Triangle(anchorRows) + Triangle(rows) + (rows * geometry.KeysBefore(host)));
    }

    private static long Triangle(long rows) => rows * (rows + 1) / 2;
}
