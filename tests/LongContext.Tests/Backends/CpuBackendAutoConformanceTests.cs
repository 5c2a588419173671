using LongContext.Backends;
using LongContext.Backends.Cpu;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary><see cref="CpuBackendAutoConformance"/> by what this machine's vectors have.</summary>
[TestFixture]
internal sealed class CpuBackendAutoConformanceTests : CpuBackendAutoConformance
{
    protected override IBackend Create() => new CpuBackend(threads: 3, ModelPrecision.Auto);
}
