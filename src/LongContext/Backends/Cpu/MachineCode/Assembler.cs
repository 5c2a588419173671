using System.Buffers.Binary;

namespace LongContext.Backends.Cpu.MachineCode;

/// <summary>Writes x86-64 instructions as bytes: the few that the generated kernels are made of. Runs nothing.</summary>
/// <remarks>
/// Encodings: Intel's manual, volume 2. Operands stand in Intel's order, destination first. The tests disassemble every form with Iced.
/// </remarks>
internal sealed partial class Assembler
{
    private readonly List<byte> _code = [];
    private readonly List<Label> _labels = [];

    /// <summary>Bytes so far.</summary>
    internal int Length => _code.Count;

    /// <summary>The code, jumps filled in.</summary>
    /// <exception cref="InvalidOperationException">A jump goes to a label that was never placed.</exception>
    internal byte[] Assemble()
    {
        byte[] code = [.. _code];
        foreach (Label label in _labels)
        {
            foreach (int reference in label.References)
            {
                if (label.Position < 0)
                {
                    throw new InvalidOperationException($"The jump at {reference} goes to a label that was never placed.");
                }

                BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(reference), label.Position - (reference + sizeof(int)));
            }
        }

        return code;
    }

    /// <summary>Puts a label here.</summary>
    internal void Place(Label label)
    {
        if (label.Position >= 0)
        {
            throw new InvalidOperationException("The label has a place already.");
        }

        label.Position = Length;
    }

    private void Reference(Label label)
    {
        if (label.References.Count == 0)
        {
            _labels.Add(label);
        }

        label.References.Add(Length);
        Int32(0);
    }

    private void Byte(int value) => _code.Add((byte)value);

    private void Int32(int value)
    {
        Byte(value);
        Byte(value >> 8);
        Byte(value >> 16);
        Byte(value >> 24);
    }

    /// <summary>The operand byte of two registers.</summary>
    private void Operands(int register, int other) => Byte(0xC0 | ((register & 7) << 3) | (other & 7));

    /// <summary>The operand bytes of a register and memory.</summary>
    /// <param name="register">Register, or the opcode's extension.</param>
    /// <param name="address">The memory.</param>
    /// <param name="unit">What an 8-bit displacement counts in: 1, or under EVEX the bytes that the instruction accesses.</param>
    /// <param name="withIndexByte">The index byte even where none is needed.</param>
    private void Operands(int register, Address address, int unit = 1, bool withIndexByte = false)
    {
        const int noIndex = 4;
        int index = (int?)address.Index ?? noIndex;
        if (address.Index == GeneralRegister.Rsp)
        {
            throw new ArgumentException("rsp cannot be an index.", nameof(address));
        }

        withIndexByte |= address.Index is not null || ((int)address.Base & 7) == (int)GeneralRegister.Rsp;
        bool isShort = address.Displacement % unit == 0 && address.Displacement / unit is >= sbyte.MinValue and <= sbyte.MaxValue;
        bool isNone = address.Displacement == 0 && ((int)address.Base & 7) != (int)GeneralRegister.Rbp;
        int mode = isNone ? 0 : isShort ? 1 : 2;
        Byte((mode << 6) | ((register & 7) << 3) | (withIndexByte ? 4 : (int)address.Base & 7));
        if (withIndexByte)
        {
            int scale = address.Scale switch
            {
                1 => 0,
                2 => 1,
                4 => 2,
                8 => 3,
                _ => throw new ArgumentException($"A scale of {address.Scale} cannot be encoded; it must be 1, 2, 4 or 8.", nameof(address)),
            };
            Byte((scale << 6) | ((index & 7) << 3) | ((int)address.Base & 7));
        }

        if (mode == 1)
        {
            Byte(address.Displacement / unit);
        }
        else if (mode == 2)
        {
            Int32(address.Displacement);
        }
    }

    /// <summary>A bit of a register's number, inverted as VEX and EVEX want it.</summary>
    private static int Inverted(int register, int bit) => ((register >> bit) & 1) ^ 1;

    private static int IndexOf(Address address) => (int?)address.Index ?? 0;
}
