using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>The kernels' whole suite on narrower machines: this machine with instruction sets switched off, each in a process of its own.</summary>
/// <remarks>Ten to twenty seconds each on two cores; <see cref="NarrowMachineProbe"/> makes sure that the switches do something.</remarks>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class NarrowMachineTests
{
    private const int LeastTests = 500; // the suite has over 900

    [TestCase("no AVX-512", "256", "DOTNET_EnableAVX512", "0", "DOTNET_EnableAVX512F", "0")]
    [TestCase("no AVX2", "128", "DOTNET_EnableAVX2", "0")]
    [TestCase("no generated code", "", "LONGCONTEXT_MACHINE_CODE", "off")]
    public void KernelSuite_OnAMachineWith_Passes(string machine, string vectorBits, params string[] settings)
    {
        if (TestProcess.IsChild)
        {
            Assert.Ignore("This is the child.");
        }

        int passed = TestProcess.Run(
            $"FullyQualifiedName~{typeof(NarrowMachineTests).Namespace}.&FullyQualifiedName!~{nameof(NarrowMachineTests)}",
            [(NarrowMachineProbe.Variable, vectorBits), .. settings.Chunk(2).Select(s => (s[0], s[1]))]);
        Assert.That(passed, Is.GreaterThan(LeastTests), machine);
    }
}
