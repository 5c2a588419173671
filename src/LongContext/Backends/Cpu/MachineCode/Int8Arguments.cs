namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What a generated kernel of byte products is told: it reads the fields at their offsets. The layouts: <see cref="Int8KernelWriter"/>.</summary>
internal unsafe struct Int8Arguments
{
    /// <summary>The first tile's rows of x.</summary>
    internal byte* X;

    /// <summary>Bytes from the end of a tile to the start of the next: those of the blocks that are not asked for.</summary>
    internal long XGap;

    /// <summary>The panel.</summary>
    internal byte* W;

    /// <summary>Blocks of features, at least 1.</summary>
    internal long Blocks;

    /// <summary>Tiles, at least 1; of fewer than six rows, 1.</summary>
    internal long Tiles;

    /// <summary>[rows, 32], written.</summary>
    internal float* Y;

    /// <summary>Bytes from a row of y to the next.</summary>
    internal long YStride;

    /// <summary>1: y has the sums of the blocks before these. 0: these are the first.</summary>
    internal long IsContinued;

    /// <summary>What to fetch for later, <see cref="Int8KernelWriter.LinesAhead"/> cache lines at every block of every tile.</summary>
    internal byte* Ahead;

    /// <summary>Bytes from there on to the next such lines.</summary>
    internal long AheadStep;
}
