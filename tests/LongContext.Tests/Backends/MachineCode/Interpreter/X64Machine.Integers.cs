using Iced.Intel;

namespace LongContext.Tests.Backends.MachineCode.Interpreter;

/// <summary>64-bit integer instructions and conditions.</summary>
internal sealed unsafe partial class X64Machine
{
    private const int Rbx = 3, Rsp = 4, Rbp = 5, Rdi = 7;

    private ulong General(Register register) =>
        register.IsGPR64() ? _general[register.GetNumber()]
        : register.IsGPR32() ? (uint)_general[register.GetNumber()]
        : throw new MachineFault($"Not a general register: {register}.");

    private void SetGeneral(Register register, ulong value) =>
        _general[register.GetNumber()] = register.IsGPR64() ? value
            : register.IsGPR32() ? (uint)value // the upper half becomes 0
            : throw new MachineFault($"Not a general register: {register}.");

    private void Push(ulong value)
    {
        _general[Rsp] -= 8;
        *StackTop() = value;
    }

    private ulong Pop()
    {
        ulong value = *StackTop();
        _general[Rsp] += 8;
        return value;
    }

    private ulong* StackTop()
    {
        ulong top = _general[Rsp];
        return top >= (ulong)_stack && top + 8 <= (ulong)_stack + StackBytes ? (ulong*)top : throw new MachineFault("The stack overflows.");
    }

    private bool TryIntegers(in Instruction i)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Mov when i.Op0Kind == OpKind.Memory && i.Op1Register.IsGPR64():
                *(ulong*)Memory(i, 8, isWritten: true) = General(i.Op1Register);
                return true;
            case Mnemonic.Mov:
                SetGeneral(i.Op0Register, Operand(i, 1));
                return true;
            case Mnemonic.Lea when i.Op0Register.IsGPR64():
                SetGeneral(i.Op0Register, AddressOf(i));
                return true;
            case Mnemonic.Add when i.Op0Register.IsGPR64():
                SetGeneral(i.Op0Register, Flags(General(i.Op0Register), Operand(i, 1), isSubtraction: false));
                return true;
            case Mnemonic.Sub when i.Op0Register.IsGPR64():
                SetGeneral(i.Op0Register, Flags(General(i.Op0Register), Operand(i, 1), isSubtraction: true));
                return true;
            case Mnemonic.Cmp when i.Op0Register.IsGPR64():
                Flags(General(i.Op0Register), Operand(i, 1), isSubtraction: true);
                return true;
            case Mnemonic.Push when i.Op0Register.IsGPR64():
                Push(General(i.Op0Register));
                return true;
            case Mnemonic.Pop when i.Op0Register.IsGPR64():
                SetGeneral(i.Op0Register, Pop());
                return true;
            case Mnemonic.Prefetcht0 or Mnemonic.Prefetcht1:
                AddressOf(i); // any address will do
                return true;
            default:
                return false;
        }
    }

    private ulong Operand(in Instruction i, int operand)
    {
        OpKind kind = i.GetOpKind(operand);
        return kind switch
        {
            OpKind.Register => General(i.GetOpRegister(operand)),
            OpKind.Memory when i.MemorySize.GetSize() == 8 => *(ulong*)Memory(i, 8),
            OpKind.Immediate8 or OpKind.Immediate8to32 or OpKind.Immediate8to64 or OpKind.Immediate32 or OpKind.Immediate32to64 => i.GetImmediate(operand),
            _ => throw Unknown(i),
        };
    }

    private ulong Flags(ulong x, ulong y, bool isSubtraction)
    {
        ulong result = isSubtraction ? x - y : x + y;
        _isZero = result == 0;
        _isNegative = (long)result < 0;
        _hasCarry = isSubtraction ? x < y : result < x;
        _hasOverflow = (isSubtraction ? (x ^ y) & (x ^ result) : ~(x ^ y) & (x ^ result)) >> 63 != 0;
        return result;
    }

    private bool IsMet(in Instruction i) => i.ConditionCode switch
    {
        ConditionCode.e => _isZero,
        ConditionCode.ne => !_isZero,
        ConditionCode.l => _isNegative != _hasOverflow,
        ConditionCode.ge => _isNegative == _hasOverflow,
        ConditionCode.b => _hasCarry,
        ConditionCode.ae => !_hasCarry,
        _ => throw Unknown(i),
    };
}
