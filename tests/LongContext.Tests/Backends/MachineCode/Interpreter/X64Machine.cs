using System.Runtime.InteropServices;
using Iced.Intel;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>Runs x86-64 code instruction by instruction: general registers, whole AVX-512 registers, AMX tiles. Shares nothing with the assembler.</summary>
/// <remarks>
/// Decoded by Iced, executed after Intel's manual, volume 2; what it does not know is a <see cref="MachineFault"/>, and so is memory that
/// was not given. The instructions that this processor has are tested against it; tiles are not, where it has none.
/// </remarks>
internal sealed unsafe partial class X64Machine : IDisposable
{
    private const int StackBytes = 4096;
    private const ulong ReturnAddress = 0xFFFF_8000_0000_0001; // canonical addresses of code end below

    private readonly Instruction[] _instructions;
    private readonly Dictionary<ulong, int> _positions = [];
    private readonly MachineMemory _memory;
    private readonly ulong[] _general = new ulong[16];
    private readonly byte* _vectors = (byte*)NativeMemory.AlignedAlloc(32 * 64, 64);
    private readonly byte* _stack = (byte*)NativeMemory.AlignedAlloc(StackBytes, 64);
    private bool _isZero, _isNegative, _hasOverflow, _hasCarry;

    internal X64Machine(byte[] code, MachineMemory memory)
    {
        _memory = memory;
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), ip: 0);
        List<Instruction> instructions = [];
        while (decoder.IP < (ulong)code.Length)
        {
            _positions.Add(decoder.IP, instructions.Count);
            decoder.Decode(out Instruction instruction);
            instructions.Add(instruction);
        }

        _instructions = [.. instructions];
    }

    /// <summary>Instructions executed so far, by mnemonic.</summary>
    internal Dictionary<Mnemonic, long> Counts { get; } = [];

    /// <summary>Calls the code with one argument, as System V does, and checks that it leaves the machine as that convention wants it.</summary>
    /// <returns>What is in rax.</returns>
    internal ulong Call(void* argument, long mostInstructions = 1_000_000_000)
    {
        // Whatever the caller left is nothing to rely on.
        for (int i = 0; i < _general.Length; i++)
        {
            _general[i] = 0xBAD0_0000_0000_0000 | (uint)i;
        }

        new Span<byte>(_vectors, 32 * 64).Fill(0xFF); // NaNs
        _general[Rsp] = (ulong)_stack + StackBytes - 64;
        Push(ReturnAddress);
        ulong[] before = [.. _general];
        _general[Rdi] = (ulong)argument;
        int next = 0;
        for (long count = 0; next >= 0; count++)
        {
            if (count == mostInstructions)
            {
                throw new MachineFault("Still running after so many instructions.");
            }

            if (next == _instructions.Length)
            {
                throw new MachineFault("Ran out of the code.");
            }

            ref Instruction instruction = ref _instructions[next];
            CollectionsMarshal.GetValueRefOrAddDefault(Counts, instruction.Mnemonic, out _)++;
            next = Step(instruction, next);
        }

        foreach (int kept in (int[])[Rbx, Rbp, 12, 13, 14, 15])
        {
            if (_general[kept] != before[kept])
            {
                throw new MachineFault($"Register {kept} is the caller's and has changed.");
            }
        }

        if (_general[Rsp] != before[Rsp] + 8)
        {
            throw new MachineFault("The stack is not as it was.");
        }

        if (AreTilesConfigured)
        {
            throw new MachineFault("The tiles were not released.");
        }

        return _general[0];
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_vectors);
        NativeMemory.AlignedFree(_stack);
        NativeMemory.AlignedFree(_tiles);
    }

    /// <summary>Executes one instruction; returns the next one's position, −1 at the end.</summary>
    private int Step(in Instruction i, int position)
    {
        bool isKnownRounding = i.RoundingControl == RoundingControl.None || (i.RoundingControl == RoundingControl.RoundDown && i.Mnemonic == Mnemonic.Vaddps);
        if (i.HasOpMask || i.ZeroingMasking || i.HasLockPrefix || i.HasRepPrefix || !isKnownRounding)
        {
            throw Unknown(i);
        }

        switch (i.FlowControl)
        {
            case FlowControl.Next:
                if (!TryTiles(i) && !TryVectors(i) && !TryIntegers(i))
                {
                    throw Unknown(i);
                }

                return position + 1;
            case FlowControl.Return when i.Mnemonic == Mnemonic.Ret && i.OpCount == 0:
                ulong target = Pop();
                return target == ReturnAddress ? -1 : throw new MachineFault($"Return to {target:X}.");
            case FlowControl.UnconditionalBranch when i.IsJmpShortOrNear:
                return Position(i.NearBranchTarget);
            case FlowControl.ConditionalBranch when i.IsJccShortOrNear:
                return IsMet(i) ? Position(i.NearBranchTarget) : position + 1;
            default:
                throw Unknown(i);
        }
    }

    private int Position(ulong address) =>
        _positions.TryGetValue(address, out int position) ? position : throw new MachineFault($"Jump to {address:X}, which is no instruction's start.");

    private ulong AddressOf(in Instruction i)
    {
        if (i.MemorySegment is not (Register.DS or Register.SS) || i.IsIPRelativeMemoryOperand)
        {
            throw Unknown(i);
        }

        ulong address = i.MemoryDisplacement64;
        address += i.MemoryBase == Register.None ? 0 : General(i.MemoryBase);
        return address + (i.MemoryIndex == Register.None ? 0 : General(i.MemoryIndex) * (ulong)i.MemoryIndexScale);
    }

    private byte* Memory(in Instruction i, int bytes, bool isWritten = false) => _memory.At(AddressOf(i), bytes, isWritten);

    private static MachineFault Unknown(in Instruction i) => new($"Not an instruction that the interpreter knows: {i} at {i.IP:X}.");
}
