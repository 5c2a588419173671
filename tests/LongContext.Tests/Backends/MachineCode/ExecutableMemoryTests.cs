using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;

namespace LongContext.Tests.Backends.MachineCode;

[TestFixture]
internal sealed unsafe class ExecutableMemoryTests
{
    [Test]
    public void Place_CodeWithALoop_Runs()
    {
        if (!ExecutableMemory.IsSupported)
        {
            Assert.That(ExecutableMemory.Place([0xC3]) == null);
            return;
        }

        Assembler assembler = new();
        Label top = new();
        assembler.Mov(GeneralRegister.Rax, GeneralRegister.Rdi);
        assembler.Place(top);
        assembler.Add(GeneralRegister.Rax, GeneralRegister.Rsi);
        assembler.Sub(GeneralRegister.Rsi, 1);
        assembler.Jcc(Condition.NotEqual, top);
        assembler.Ret();
        delegate* unmanaged<long, long, long> add = (delegate* unmanaged<long, long, long>)ExecutableMemory.Place(assembler.Assemble());
        Assert.That(add(7, 100), Is.EqualTo(7 + 5050));
    }

    [Test]
    public void Place_Nothing_IsNoCode() => Assert.That(ExecutableMemory.Place([]) == null);
}
