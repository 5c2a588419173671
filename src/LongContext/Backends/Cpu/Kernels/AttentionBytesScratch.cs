using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One worker's scratch memory, laid out for a tile over pages of bytes.</summary>
internal readonly unsafe struct AttentionBytesScratch
{
    /// <summary>
    /// Rows that go through scores, softmax and sums together: their scores and weights stay in the first-level cache, and they fit a
    /// vector's lanes.
    /// </summary>
    internal const int RowBlock = 12;

    /// <summary>Pages of a step, at fixed places in every segment.</summary>
    internal const int StepPages = 8;

    private const int RowFloats = StepPages * RowBlock * ByteRow.Bytes / sizeof(float);
    private const int Line = ByteAttentionWriter.RowLanes; // floats of a cache line too

    internal AttentionBytesScratch(float* memory, int rows, in AttentionArguments a)
    {
        Unrounded = memory;
        float* next = memory + Lines((long)rows * a.HeadDim);
        Queries = (byte*)next;
        next += Lines(QueryBytes(rows, a) / sizeof(float));
        QueryFactors = (QueryFactor*)next;
        next += Lines(2L * rows);
        Rows = (byte*)next;
        next += RowFloats;
        PageFactors = next;
        next += StepPages * Line;
        EarlierFactors = next;
        next += Line;
        Max = next;
        next += Line;
        Denominators = next;
        next += Line;
        SeenInverses = next;
        next += 2 * BytePage.Keys;
        Zeros = next;
        next += BytePage.Keys;
        Pages = (BytePage*)next;
        next += Lines(StepPages * (long)sizeof(BytePage) / sizeof(float));
        State = new AttentionState(next, rows, a.PaddedHeadDim);
        Total = new AttentionState(next + AttentionState.Floats(rows, a.PaddedHeadDim), rows, a.PaddedHeadDim);
    }

    /// <summary>[rows, headDim], the tile's queries times the query factor.</summary>
    internal float* Unrounded { get; }

    /// <summary>[rows, headDim in whole fours], the same turned and in bytes.</summary>
    internal byte* Queries { get; }

    /// <summary>[rows].</summary>
    internal QueryFactor* QueryFactors { get; }

    /// <summary>[StepPages, RowBlock] of <see cref="ByteRow"/>.</summary>
    internal byte* Rows { get; }

    /// <summary>[StepPages, 16].</summary>
    internal float* PageFactors { get; }

    /// <summary>[16], what the step multiplies earlier sums by.</summary>
    internal float* EarlierFactors { get; }

    /// <summary>[16], the rows' maxima while a step works on them.</summary>
    internal float* Max { get; }

    /// <summary>[16], the rows' denominators, likewise.</summary>
    internal float* Denominators { get; }

    /// <summary>[2][64]: inverses of a step's first and last page, 0 where no row sees a key.</summary>
    internal float* SeenInverses { get; }

    /// <summary>[64], set where they are used.</summary>
    internal float* Zeros { get; }

    /// <summary>A step's pages.</summary>
    internal BytePage* Pages { get; }

    /// <summary>The segment being done.</summary>
    internal AttentionState State { get; }

    /// <summary>The segments done before.</summary>
    internal AttentionState Total { get; }

    /// <summary>Floats a worker needs for tiles of up to <paramref name="rows"/> rows.</summary>
    internal static long Floats(int rows, in AttentionArguments a) =>
        Lines((long)rows * a.HeadDim) + Lines(QueryBytes(rows, a) / sizeof(float)) + Lines(2L * rows) + RowFloats
        + ((StepPages + 3) * Line) + (3 * BytePage.Keys)
        + Lines(StepPages * (long)sizeof(BytePage) / sizeof(float)) + (2 * AttentionState.Floats(rows, a.PaddedHeadDim));

    private static long QueryBytes(int rows, in AttentionArguments a) => (long)rows * HeadCodes.Padded(a.HeadDim);

    private static long Lines(long floats) => (floats + Line - 1) / Line * Line;
}
