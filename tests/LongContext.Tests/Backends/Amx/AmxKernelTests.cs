using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tests.Backends.MachineCode.Interpreter;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>The generated tile kernels, interpreted; on a machine with AMX by the processor too.</summary>
[TestFixture]
internal sealed unsafe class AmxKernelTests
{
    [Test]
    public void SelfCheck_ByTheInterpreter_Passes()
    {
        Assert.That(AmxSelfCheck.Passes(InterpretedAmx.Kernels()));
        InterpretedAmx.RequireNoFaults();
    }

    [Test]
    public void Find_WhereTheProcessorHasTilesAndTheSystemAgrees_PassesTheCheck()
    {
        bool has = File.Exists("/proc/cpuinfo") && File.ReadAllText("/proc/cpuinfo").Contains("amx_bf16", StringComparison.Ordinal);
        Assert.That(ProcessorFeatures.HasBF16Tiles, Is.EqualTo(has && ProcessorFeatures.HasBF16DotProducts));
        Assert.That(AmxKernels.Find(), Is.Null, "the suite's switch");
        Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, null);
        bool isFound = AmxKernels.Find() is not null;
        Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, "off");
        Assert.That(isFound, Is.EqualTo(AmxPermission.IsGranted && MachineCodeSwitch.IsOn));
    }

    [Test]
    public void Switch_SetToAnythingElse_IsRefused()
    {
        Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, "maybe");
        try
        {
            Assert.That(() => new CpuBackend(1, ModelPrecision.Auto), Throws.InstanceOf<ConfigurationException>().With.Message.Contains(MachineCodeSwitch.AmxVariable));
        }
        finally
        {
            Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, "off");
        }
    }

    [Test]
    public void SavedStates_OnAMachineWithAvx512_HaveItsBits()
    {
        Assume.That(ExecutableMemory.IsSupported && System.Runtime.Intrinsics.X86.Avx512F.IsSupported, "another machine");
        Assert.That(AmxPermission.SavedStates() & 0b1110_0110, Is.EqualTo(0b1110_0110));
    }

    /// <summary>Bounds: the memory is exactly what the arguments describe.</summary>
    [Test]
    public void Product_OfPanelsAndRows_TouchesNothingElse([Values(1, 2)] int rowTiles, [Values(1, 3, 4, 9)] int steps, [Values(1, 2)] int panels, [Values(0, 1)] int isContinued)
    {
        using GuardedMemory memory = new();
        byte* configuration = AmxConfiguration.Place(pairs: 16);
        memory.Allow(configuration, 64);
        AmxProductArguments arguments = new()
        {
            Configuration = configuration,
            Weights = (byte*)memory.BF16(panels * steps * 1024, seed: 1),
            Rows = (byte*)memory.BF16(steps * rowTiles * 512, seed: 2),
            Fours = steps / 4, Rest = steps % 4, Panels = panels, IsContinued = isContinued,
            Sums = memory.Floats(panels * 1024, seed: 3),
        };
        using X64Machine machine = memory.Interpret(a => AmxProductWriter.Write(a, rowTiles), &arguments, sizeof(AmxProductArguments));
        Assert.That(machine.Counts[Iced.Intel.Mnemonic.Tdpbf16ps], Is.EqualTo(panels * steps * 2 * rowTiles));
        Assert.That(machine.Counts[Iced.Intel.Mnemonic.Tileloadd], Is.EqualTo((panels * steps * (2 + rowTiles)) + (isContinued * panels * 2 * rowTiles)));
    }

    [Test]
    public void SelfCheck_OfKernelsThatDoNothing_Fails()
    {
        Assert.That(AmxSelfCheck.Passes(AmxBackend.IdleKernels()), Is.False);
    }
}
