namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>A memory operand: base + index · scale + displacement.</summary>
/// <param name="Base">Register of the base.</param>
/// <param name="Displacement">Bytes added.</param>
/// <param name="Index">Register of the index, any but rsp.</param>
/// <param name="Scale">1, 2, 4 or 8.</param>
internal readonly record struct Address(GeneralRegister Base, int Displacement = 0, GeneralRegister? Index = null, int Scale = 1);
