namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What a generated dot-product kernel is told: it reads the fields at their offsets, and moves <see cref="W"/> on as it goes.</summary>
internal unsafe struct DotArguments
{
    /// <summary>The first row of x: bfloat16, Steps · 32 elements.</summary>
    internal ushort* X;

    /// <summary>Bytes from a row of x to the next.</summary>
    internal long XStride;

    /// <summary>The weight row of the first output.</summary>
    internal byte* W;

    /// <summary>Bytes from a weight row to the next.</summary>
    internal long WStride;

    /// <summary>Pieces of 32 features, at least 1.</summary>
    internal long Steps;

    /// <summary>Fours of outputs, at least 1.</summary>
    internal long Groups;

    /// <summary>[Groups, rows, 4, 16], written: 16 partial sums for each row and output.</summary>
    internal float* Sums;
}
