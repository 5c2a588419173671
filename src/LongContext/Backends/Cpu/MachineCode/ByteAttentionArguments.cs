namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What the generated kernels of attention over bytes are told: each reads the fields it needs at their offsets.</summary>
/// <remarks>Rows and factors lie page after page.</remarks>
internal unsafe struct ByteAttentionArguments
{
    /// <summary>[PageCount].</summary>
    internal BytePage* Pages;

    /// <summary>At least 1.</summary>
    internal long PageCount;

    /// <summary>[rows, 4 · KeyFours] signed bytes.</summary>
    internal byte* Queries;

    /// <summary>Bytes of a row of queries.</summary>
    internal long QueryStride;

    /// <summary>Fours of a key's features.</summary>
    internal long KeyFours;

    /// <summary>[rows].</summary>
    internal QueryFactor* QueryFactors;

    /// <summary>[PageCount, rows in whole fours] of <see cref="ByteRow"/>.</summary>
    internal byte* Rows;

    /// <summary>Bytes from a page's rows to the next page's.</summary>
    internal long PageStride;

    /// <summary>Bytes from the last tile's rows of a page to the next page's first.</summary>
    internal long NextPageRows;

    /// <summary>[PageCount, <see cref="ByteAttentionWriter.RowLanes"/>], written by softmax: what a page's sums of a row count for.</summary>
    internal float* PageFactors;

    /// <summary>[RowLanes], written by softmax: what earlier sums must be multiplied by.</summary>
    internal float* EarlierFactors;

    /// <summary>[RowLanes], the greatest score so far, −∞ for none; brought up to date.</summary>
    internal float* Max;

    /// <summary>[rows in whole fours], the sum of weights so far; brought up to date.</summary>
    internal float* Denominators;

    /// <summary>[rows, padded headDim], brought up to date.</summary>
    internal float* Sums;

    /// <summary>Bytes from a row of sums to the next.</summary>
    internal long SumStride;

    /// <summary>Bytes from four values to the next four.</summary>
    internal long ValueStride;

    /// <summary>Bytes to the features wanted, in every four values.</summary>
    internal long ValueOffset;

    /// <summary>How many times the kernel's rows, at least 1; of softmax, rows, at most RowLanes.</summary>
    internal long RowGroups;

    /// <summary><see cref="SoftmaxConstants"/>.</summary>
    internal float* Constants;
}
