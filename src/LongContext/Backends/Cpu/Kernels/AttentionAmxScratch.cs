using LongContext.Backends.Cpu.MachineCode;

namespace LongContext.Backends.Cpu.Kernels;

/// <summary>One worker's scratch memory, laid out for attention by tile registers over pages of bfloat16 pairs.</summary>
/// <remarks>Kernels do 16 or 32 rows at a time: so whatever has rows has room for as many more, which hold anything.</remarks>
internal readonly unsafe struct AttentionAmxScratch
{
    /// <summary>Rows that go through scores, softmax and sums together: tiles are configured once for all of them.</summary>
    internal const int RowBlock = 96;

    /// <summary>Keys of a tile of values.</summary>
    internal const int KeyGroup = 2 * AmxAttentionWriter.WholePairs;

    private const int MorePadding = 32; // rows
    private const int PartGroups = 2; // a step begins and ends within a group of keys at most once

    internal AttentionAmxScratch(float* memory, int rows, in AttentionArguments a)
    {
        Unrounded = memory;
        float* next = memory + QueryFloats(rows, a);
        Queries = (ushort*)next;
        next += QueryFloats(rows + MorePadding, a) / 2;
        Scores = next;
        next += Padded(rows) * AttentionPairsScratch.ScoreFloats(a);
        Weights = (byte*)next;
        next += Padded(rows) * AttentionPairsScratch.WeightFloats(a);
        Factors = next;
        next += Padded(RowBlock);
        Sums = next;
        next += (long)(rows + MorePadding) * a.PaddedHeadDim;
        PartValues = (uint*)next;
        next += PartFloats(a);
        Blocks = (AmxBlock*)next;
        next += BlockFloats(a);
        State = new AttentionState(next, rows, a.PaddedHeadDim);
        Total = new AttentionState(next + AttentionState.Floats(rows, a.PaddedHeadDim), rows, a.PaddedHeadDim);
    }

    /// <summary>[rows, headDim], the tile's queries times the query factor.</summary>
    internal float* Unrounded { get; }

    /// <summary>[rows and more, headDim], the same in bfloat16.</summary>
    internal ushort* Queries { get; }

    /// <summary>[a block's rows and more, <see cref="AttentionPairsScratch.ScoreFloats"/>].</summary>
    internal float* Scores { get; }

    /// <summary>[a block's rows and more, <see cref="AttentionPairsScratch.WeightFloats"/>] floats of bfloat16 pairs.</summary>
    internal byte* Weights { get; }

    /// <summary>[RowBlock], what the step multiplies earlier sums by.</summary>
    internal float* Factors { get; }

    /// <summary>[rows and more, paddedHeadDim], the segment's sums.</summary>
    internal float* Sums { get; }

    /// <summary>[2][16 pairs][paddedHeadDim] pairs: values of which only some may be read, the others zero.</summary>
    internal uint* PartValues { get; }

    /// <summary>A step's pages, and groups of keys apart.</summary>
    internal AmxBlock* Blocks { get; }

    /// <summary>The segment being done.</summary>
    internal AttentionState State { get; }

    /// <summary>The segments done before.</summary>
    internal AttentionState Total { get; }

    /// <summary>Floats a worker needs for tiles of up to <paramref name="rows"/> rows.</summary>
    internal static long Floats(int rows, in AttentionArguments a) =>
        QueryFloats(rows, a) + (QueryFloats(rows + MorePadding, a) / 2) + (Padded(rows) * (AttentionPairsScratch.ScoreFloats(a) + AttentionPairsScratch.WeightFloats(a)))
        + Padded(RowBlock) + ((long)(rows + MorePadding) * a.PaddedHeadDim) + PartFloats(a) + BlockFloats(a) + (2 * AttentionState.Floats(rows, a.PaddedHeadDim));

    private static long Padded(int rows) => Math.Min(rows, RowBlock) + MorePadding;

    private static long QueryFloats(int rows, in AttentionArguments a) => 32 * AttentionPairsScratch.RoundingSteps(rows, a);

    private static long PartFloats(in AttentionArguments a) => PartGroups * (long)AmxAttentionWriter.WholePairs * a.PaddedHeadDim;

    private static long BlockFloats(in AttentionArguments a) =>
        ((AttentionPairsScratch.StepPages(a.PageSize) + (2 * PartGroups)) * (sizeof(AmxBlock) / sizeof(float)) / 16 * 16) + 16;
}
