namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What a generated kernel of int8 products is told: it reads the fields at their offsets, and moves <see cref="W"/> on as it goes.</summary>
internal unsafe struct Int8RowsArguments
{
    /// <summary>[blocks, rows] pieces of <see cref="Int8RowsWriter.XBytes"/> bytes: the quantised rows of x.</summary>
    internal byte* X;

    /// <summary>The weight row of the first output.</summary>
    internal byte* W;

    /// <summary>Bytes from a weight row to the next.</summary>
    internal long WStride;

    /// <summary>Blocks of the weight's format in a row, at least 1.</summary>
    internal long Steps;

    /// <summary>Sixteens of outputs, at least 1.</summary>
    internal long Groups;

    /// <summary>[Groups, rows, 16], written.</summary>
    internal float* Sums;

    /// <summary>[<see cref="Int8RowsWriter.ScratchFloats"/>] on a cache line.</summary>
    internal float* Scratch;
}
