namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>The 64-bit integer registers, by their number in an instruction.</summary>
internal enum GeneralRegister
{
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}
