namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>One page's part of an attention product by tiles: pairs of rows of b, and where its part of the other operand lies.</summary>
internal unsafe struct AmxBlock
{
    /// <summary>The first pair of rows.</summary>
    internal byte* B;

    /// <summary>Tiles of pairs of rows, at least 1.</summary>
    internal long Steps;

    /// <summary>Bytes to this block's columns: of c for scores, of a for sums.</summary>
    internal long Offset;

    /// <summary>What to fetch for later, line after line.</summary>
    internal byte* Ahead;

    /// <summary>Cache lines to fetch, at least 1.</summary>
    internal long AheadLines;
}
