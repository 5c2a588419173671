namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What a generated tile kernel of attention is told: it reads the fields at their offsets, and changes those said to be its own.</summary>
internal unsafe struct AmxAttentionArguments
{
    /// <summary>64 bytes, see <see cref="AmxConfiguration"/>; filled in by <see cref="AmxKernels"/>.</summary>
    internal byte* Configuration;

    /// <summary>[rows, depth] bfloat16; the kernel's own.</summary>
    internal byte* A;

    /// <summary>Bytes from a row of a to the next.</summary>
    internal long AStride;

    /// <summary>Bytes of 16 rows of a; filled in by <see cref="AmxKernels"/>.</summary>
    internal long ATile;

    /// <summary>[BlockCount].</summary>
    internal AmxBlock* Blocks;

    /// <summary>At least 1.</summary>
    internal long BlockCount;

    /// <summary>Bytes from a pair of rows of b to the next.</summary>
    internal long BStride;

    /// <summary>Bytes of a tile of b; filled in by <see cref="AmxKernels"/>.</summary>
    internal long BTile;

    /// <summary>Bytes to the columns wanted, in every pair of rows of b.</summary>
    internal long BOffset;

    /// <summary>Bytes to the columns being done; the kernel's own.</summary>
    internal long BColumn;

    /// <summary>[rows, columns] F32; the kernel's own.</summary>
    internal float* C;

    /// <summary>Bytes from a row of c to the next.</summary>
    internal long CStride;

    /// <summary>Bytes of 16 rows of c; filled in by <see cref="AmxKernels"/>.</summary>
    internal long CTile;

    /// <summary>How many times the kernel's columns, at least 1.</summary>
    internal long ColumnGroups;

    /// <summary>How many times the kernel's rows, at least 1.</summary>
    internal long RowGroups;
}
