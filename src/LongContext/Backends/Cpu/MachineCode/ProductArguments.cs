namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What a generated kernel of attention's products is told: it reads the fields at their offsets.</summary>
internal unsafe struct ProductArguments
{
    /// <summary>[rows, 2 · pairs] bfloat16.</summary>
    internal byte* A;

    /// <summary>Bytes from a row of a to the next.</summary>
    internal long AStride;

    /// <summary>[BlockCount].</summary>
    internal ProductBlock* Blocks;

    /// <summary>At least 1.</summary>
    internal long BlockCount;

    /// <summary>Bytes from a pair of rows of b to the next.</summary>
    internal long BStride;

    /// <summary>Bytes to the columns wanted, in every pair of rows of b.</summary>
    internal long BOffset;

    /// <summary>[rows, columns] F32.</summary>
    internal float* C;

    /// <summary>Bytes from a row of c to the next.</summary>
    internal long CStride;

    /// <summary>[rows], what sums multiplies c by before it adds; scores writes c anew.</summary>
    internal float* Factors;

    /// <summary>How many times the kernel's rows, at least 1.</summary>
    internal long RowGroups;
}
