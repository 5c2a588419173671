namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>One page's part of a product: pairs of rows of b, and where its part of the other operand lies.</summary>
internal unsafe struct ProductBlock
{
    /// <summary>The first pair of rows.</summary>
    internal byte* B;

    /// <summary>What to fetch meanwhile, one line for every line of b that is read; any address will do.</summary>
    internal byte* Ahead;

    /// <summary>Pairs of rows, at least 1.</summary>
    internal long Pairs;

    /// <summary>Bytes to this block's columns: of c for scores, of a for sums.</summary>
    internal long Offset;
}
