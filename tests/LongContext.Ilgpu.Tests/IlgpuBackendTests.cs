#if ILGPU
using LongContext.Backends;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Ilgpu.Tests;

/// <summary>The kernels on ILGPU's CPU accelerator.</summary>
[TestFixture]
internal sealed class IlgpuBackendTests : BackendConformance
{
    protected override IBackend Create() => IlgpuBackend.Create(IlgpuDevice.Cpu);
}
#else
using NUnit.Framework;

namespace LongContext.Ilgpu.Tests;

[TestFixture]
internal sealed class IlgpuBackendTests
{
    [Test]
    public void Backend_IsTested() => Assert.Ignore("Built without the package ILGPU.");
}
#endif
