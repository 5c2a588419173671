using System.Globalization;
using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Run in the children of <see cref="NarrowMachineTests"/>: the machine is as narrow as the parent wants it.</summary>
[TestFixture]
internal sealed class NarrowMachineProbe
{
    /// <summary>Set in a child: the widest vectors it may have, or empty when they do not matter.</summary>
    internal const string Variable = "LONGCONTEXT_TESTS_VECTOR_BITS";

    [Test]
    public void Machine_IsAsNarrowAsAsked()
    {
        string? bits = Environment.GetEnvironmentVariable(Variable);
        if (bits is null)
        {
            Assert.Ignore("Only in a child of NarrowMachineTests.");
        }

        Assert.That(BF16Kernels.Find(), Is.Null, "generated code needs AVX-512 and leave");
        if (bits.Length > 0)
        {
            int most = int.Parse(bits, CultureInfo.InvariantCulture);
            Assert.Multiple(() =>
            {
                Assert.That((int)SimdWidths.Choose(), Is.LessThanOrEqualTo(most));
                Assert.That(Vector512.IsHardwareAccelerated, Is.False);
                Assert.That(Vector256.IsHardwareAccelerated, Is.EqualTo(most == 256 && System.Runtime.Intrinsics.X86.Avx2.IsSupported));
            });
        }
    }
}
