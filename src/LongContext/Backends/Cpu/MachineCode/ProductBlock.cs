namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>One page's part of a product: pairs of rows of b, and where its part of the other operand lies.</summary>
internal unsafe struct ProductBlock
{
    /// <summary>The first pair of rows.</summary>
    internal byte* B;

    /// <summary>Bytes from b to what is wanted next: fetched line for line as b is read; any number will do.</summary>
    internal long Ahead;

    /// <summary>Pairs of rows, at least 1.</summary>
    internal long Pairs;

    /// <summary>Bytes to this block's columns: of c for scores, of a for sums.</summary>
    internal long Offset;
}
