namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>An AMX tile register.</summary>
/// <param name="Number">0 to 7.</param>
internal readonly record struct TileRegister(int Number);
