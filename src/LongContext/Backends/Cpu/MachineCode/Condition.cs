namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>When a conditional jump is taken, by its number in the instruction.</summary>
internal enum Condition
{
    /// <summary>The result was zero, or the operands compared equal.</summary>
    Equal = 4,

    /// <summary>The result was not zero, or the operands differ.</summary>
    NotEqual = 5,

    /// <summary>Signed less.</summary>
    Less = 12,

    /// <summary>Signed greater or equal.</summary>
    GreaterOrEqual = 13,

    /// <summary>Signed greater.</summary>
    Greater = 15,
}
