namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One worker's scratch memory, laid out for a tile.</summary>
internal readonly unsafe struct AttentionScratch
{
    internal AttentionScratch(float* memory, int rows, in AttentionArguments a)
    {
        Queries = memory;
        Scores = Queries + Rounded((long)rows * a.HeadDim);
        Factors = Scores + ((long)rows * a.PageSize);
        Keys = Factors + Rounded(rows);
        Values = Keys + ((long)a.HeadDim * a.PageSize);
        float* states = Values + ((long)a.PaddedHeadDim * a.PageSize);
        State = new AttentionState(states, rows, a.PaddedHeadDim);
        Total = new AttentionState(states + AttentionState.Floats(rows, a.PaddedHeadDim), rows, a.PaddedHeadDim);
    }

    /// <summary>[rows, headDim], the tile's queries times the query factor.</summary>
    internal float* Queries { get; }

    /// <summary>[rows, pageSize].</summary>
    internal float* Scores { get; }

    /// <summary>[rows], what the page multiplies earlier sums by.</summary>
    internal float* Factors { get; }

    /// <summary>[headDim, pageSize]: a page's keys widened to F32.</summary>
    internal float* Keys { get; }

    /// <summary>[pageSize, paddedHeadDim]: likewise its values.</summary>
    internal float* Values { get; }

    /// <summary>The segment being done.</summary>
    internal AttentionState State { get; }

    /// <summary>The segments done before.</summary>
    internal AttentionState Total { get; }

    /// <summary>Floats a worker needs for tiles of up to <paramref name="rows"/> rows.</summary>
    internal static long Floats(int rows, in AttentionArguments a) =>
        Rounded((long)rows * a.HeadDim) + ((long)rows * a.PageSize) + Rounded(rows)
        + ((long)(a.HeadDim + a.PaddedHeadDim) * a.PageSize) + (2 * AttentionState.Floats(rows, a.PaddedHeadDim));

    private static long Rounded(long floats) => (floats + 15) / 16 * 16;
}
