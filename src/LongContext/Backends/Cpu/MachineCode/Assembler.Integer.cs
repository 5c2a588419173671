namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>64-bit integer instructions and control flow.</summary>
internal sealed partial class Assembler
{
    private const int WideOperands = 0x48; // REX.W

    /// <summary>destination = source.</summary>
    internal void Mov(GeneralRegister destination, GeneralRegister source) => Registers(0x8B, (int)destination, source);

    /// <summary>destination = memory.</summary>
    internal void Mov(GeneralRegister destination, Address source) => Memory(0x8B, destination, source);

    /// <summary>memory = source.</summary>
    internal void Mov(Address destination, GeneralRegister source) => Memory(0x89, source, destination);

    /// <summary>Lower 32 bits of destination = value, the upper 0.</summary>
    internal void Mov(GeneralRegister destination, int value)
    {
        ByNumber(0xB8, destination);
        Int32(value);
    }

    /// <summary>destination = the address itself.</summary>
    internal void Lea(GeneralRegister destination, Address source) => Memory(0x8D, destination, source);

    /// <summary>destination += value.</summary>
    internal void Add(GeneralRegister destination, int value) => Immediate(0, destination, value);

    /// <summary>destination += source.</summary>
    internal void Add(GeneralRegister destination, GeneralRegister source) => Registers(0x03, (int)destination, source);

    /// <summary>destination += memory.</summary>
    internal void Add(GeneralRegister destination, Address source) => Memory(0x03, destination, source);

    /// <summary>destination −= value; sets the flags.</summary>
    internal void Sub(GeneralRegister destination, int value) => Immediate(5, destination, value);

    /// <summary>destination −= source; sets the flags.</summary>
    internal void Sub(GeneralRegister destination, GeneralRegister source) => Registers(0x2B, (int)destination, source);

    /// <summary>Sets the flags as x − value does.</summary>
    internal void Cmp(GeneralRegister x, int value) => Immediate(7, x, value);

    /// <summary>Sets the flags as x − y does.</summary>
    internal void Cmp(GeneralRegister x, GeneralRegister y) => Registers(0x3B, (int)x, y);

    /// <summary>Sets the flags as x − memory does.</summary>
    internal void Cmp(GeneralRegister x, Address y) => Memory(0x3B, x, y);

    /// <summary>Saves a register on the stack.</summary>
    internal void Push(GeneralRegister register) => ByNumber(0x50, register);

    /// <summary>Takes a register from the stack.</summary>
    internal void Pop(GeneralRegister register) => ByNumber(0x58, register);

    /// <summary>Asks for a cache line; any address will do, one that is not mapped too.</summary>
    internal void Prefetcht0(Address source) => Prefetch(1, source);

    /// <summary>The same, into the second-level cache.</summary>
    internal void Prefetcht1(Address source) => Prefetch(2, source);

    /// <summary>Jumps.</summary>
    internal void Jmp(Label target)
    {
        Byte(0xE9);
        Reference(target);
    }

    /// <summary>Jumps when the flags say so.</summary>
    internal void Jcc(Condition condition, Label target)
    {
        Byte(0x0F);
        Byte(0x80 | (int)condition);
        Reference(target);
    }

    /// <summary>edx:eax = the extended control register that ecx names.</summary>
    internal void Xgetbv()
    {
        Byte(0x0F);
        Byte(0x01);
        Byte(0xD0);
    }

    /// <summary>Returns to the caller.</summary>
    internal void Ret() => Byte(0xC3);

    private void Prefetch(int level, Address source)
    {
        int extension = 0x40 | (IndexOf(source) >> 3 << 1) | ((int)source.Base >> 3);
        if (extension != 0x40)
        {
            Byte(extension);
        }

        Byte(0x0F);
        Byte(0x18);
        Operands(level, source);
    }

    private void Registers(int opcode, int register, GeneralRegister other)
    {
        Byte(WideOperands | (register >> 3 << 2) | ((int)other >> 3));
        Byte(opcode);
        Operands(register, (int)other);
    }

    private void Memory(int opcode, GeneralRegister register, Address address)
    {
        Byte(WideOperands | ((int)register >> 3 << 2) | (IndexOf(address) >> 3 << 1) | ((int)address.Base >> 3));
        Byte(opcode);
        Operands((int)register, address);
    }

    private void Immediate(int operation, GeneralRegister register, int value)
    {
        bool isByte = value is >= sbyte.MinValue and <= sbyte.MaxValue;
        Registers(isByte ? 0x83 : 0x81, operation, register);
        if (isByte)
        {
            Byte(value);
        }
        else
        {
            Int32(value);
        }
    }

    private void ByNumber(int opcode, GeneralRegister register)
    {
        if ((int)register >= 8)
        {
            Byte(0x41);
        }

        Byte(opcode | ((int)register & 7));
    }
}
