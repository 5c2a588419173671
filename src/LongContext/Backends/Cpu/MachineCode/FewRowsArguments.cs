namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What a generated kernel of int8 products is told: it reads the fields at their offsets, and moves <see cref="W"/> on as it goes.</summary>
internal unsafe struct FewRowsArguments
{
    /// <summary>The quantised rows of x: a tile as <see cref="Int8KernelWriter"/> has them, of so many rows.</summary>
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

    /// <summary>[<see cref="FewRowsWriter.ScratchFloats"/>] on a cache line.</summary>
    internal float* Scratch;
}
