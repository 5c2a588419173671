namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>What accompanies the codes of 32 weights.</summary>
internal enum Int8Layout
{
    /// <summary>A scale.</summary>
    Scale,

    /// <summary>A scale and a minimum.</summary>
    ScaleAndMinimum,

    /// <summary>A scale for each half.</summary>
    TwoScales,

    /// <summary>A scale, in binary16.</summary>
    HalfScale,
}
