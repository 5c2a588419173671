namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What the generated rounding kernel is told.</summary>
internal unsafe struct RoundArguments
{
    /// <summary>[Steps, 32].</summary>
    internal float* Source;

    /// <summary>[Steps, 32] bfloat16, written.</summary>
    internal ushort* Destination;

    /// <summary>Pieces of 32 elements, at least 1.</summary>
    internal long Steps;
}
