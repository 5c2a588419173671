using LongContext.Backends.Cpu.MachineCode;
using NUnit.Framework;

/// <summary>The suite's laws of equal bits are those of vector kernels, on every machine; tests of tiles ask for them (Backends/Amx).</summary>
[SetUpFixture]
#pragma warning disable CA1050 // outside all namespaces, so that it is for all of them
internal sealed class WithoutAmx
#pragma warning restore CA1050
{
    [OneTimeSetUp]
    public void Switch() => Environment.SetEnvironmentVariable(MachineCodeSwitch.AmxVariable, "off");
}
