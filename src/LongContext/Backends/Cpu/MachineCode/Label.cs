namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>A place in the code that jumps go to, placed before or after them.</summary>
internal sealed class Label
{
    /// <summary>Offset in the code, −1 until placed.</summary>
    internal int Position { get; set; } = -1;

    /// <summary>Offsets of the 32-bit distances to fill in.</summary>
    internal List<int> References { get; } = [];
}
