namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>A 512-bit vector register; its lower parts where an instruction takes less.</summary>
/// <param name="Number">0 to 31.</param>
internal readonly record struct VectorRegister(int Number);
