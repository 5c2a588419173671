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

    protected override bool HasByteCache => false;

    [Test]
    public void ACacheOfBytes_IsRefusedWithWhatToDo()
    {
        KVCacheShape shape = new(1, 1, 64, 1, 64, Tensors.DType.Q8_0);
        Assert.That(() => Backend.AllocateKVCache(shape), Throws.InstanceOf<ConfigurationException>().With.Message.Contains("BFloat16"));
        Assert.That(() => Backend.KVCacheByteCount(shape), Throws.InstanceOf<ConfigurationException>());
    }
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
