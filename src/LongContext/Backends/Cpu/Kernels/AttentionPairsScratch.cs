using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One worker's scratch memory, laid out for a tile over pages of bfloat16 pairs.</summary>
internal readonly unsafe struct AttentionPairsScratch
{
    /// <summary>Rows that go through scores, softmax and sums together: their scores and weights stay in the first-level cache.</summary>
    internal const int RowBlock = 24;

    private const int TargetKeys = 512;

    internal AttentionPairsScratch(float* memory, int rows, in AttentionArguments a)
    {
        Unrounded = memory;
        float* next = memory + QueryFloats(rows, a);
        Queries = (ushort*)next;
        next += QueryFloats(rows, a);
        Scores = next;
        next += RowBlock * ScoreFloats(a);
        Weights = (byte*)next;
        next += RowBlock * WeightFloats(a);
        Factors = next;
        next += Lines(RowBlock);
        LastPair = (ushort*)next;
        next += a.PaddedHeadDim;
        Blocks = (ProductBlock*)next;
        next += BlockFloats(a);
        State = new AttentionState(next, rows, a.PaddedHeadDim);
        Total = new AttentionState(next + AttentionState.Floats(rows, a.PaddedHeadDim), rows, a.PaddedHeadDim);
    }

    /// <summary>[rows, headDim], the tile's queries times the query factor.</summary>
    internal float* Unrounded { get; }

    /// <summary>[rows, headDim], the same in bfloat16.</summary>
    internal ushort* Queries { get; }

    /// <summary>[RowBlock, <see cref="ScoreFloats"/>].</summary>
    internal float* Scores { get; }

    /// <summary>[RowBlock, <see cref="WeightFloats"/>] floats of bfloat16 pairs.</summary>
    internal byte* Weights { get; }

    /// <summary>[RowBlock], what the step multiplies earlier sums by.</summary>
    internal float* Factors { get; }

    /// <summary>[paddedHeadDim][2]: a last pair of values of which only the first was written.</summary>
    internal ushort* LastPair { get; }

    /// <summary>A step's pages, and one for <see cref="LastPair"/>.</summary>
    internal ProductBlock* Blocks { get; }

    /// <summary>The segment being done.</summary>
    internal AttentionState State { get; }

    /// <summary>The segments done before.</summary>
    internal AttentionState Total { get; }

    /// <summary>Pages of a step, at fixed places in every segment.</summary>
    internal static int StepPages(int pageSize) => Math.Max(1, TargetKeys / pageSize);

    /// <summary>Floats of a row of scores: a cache line more than there are keys, so that rows do not compete for the same sets.</summary>
    internal static long ScoreFloats(in AttentionArguments a) => StepKeys(a) + 16;

    /// <summary>Floats of a row of weights, likewise.</summary>
    internal static long WeightFloats(in AttentionArguments a) => (StepKeys(a) / 2) + 16;

    /// <summary>Pieces of 32 queries' features to round.</summary>
    internal static long RoundingSteps(int rows, in AttentionArguments a) => (((long)rows * a.HeadDim) + 31) / 32;

    /// <summary>Floats a worker needs for tiles of up to <paramref name="rows"/> rows.</summary>
    internal static long Floats(int rows, in AttentionArguments a) =>
        (2 * QueryFloats(rows, a)) + (RowBlock * (ScoreFloats(a) + WeightFloats(a))) + Lines(RowBlock) + a.PaddedHeadDim + BlockFloats(a)
        + (2 * AttentionState.Floats(rows, a.PaddedHeadDim));

    private static long QueryFloats(int rows, in AttentionArguments a) => 32 * RoundingSteps(rows, a);

    /// <summary>Keys of a step, filled up to whole pairs of vectors.</summary>
    private static long StepKeys(in AttentionArguments a) => ((StepPages(a.PageSize) * (long)a.PageSize) + 31) / 32 * 32;

    private static long BlockFloats(in AttentionArguments a) => Lines((StepPages(a.PageSize) + 1) * (sizeof(ProductBlock) / sizeof(float)));

    private static long Lines(long floats) => (floats + 15) / 16 * 16;
}
