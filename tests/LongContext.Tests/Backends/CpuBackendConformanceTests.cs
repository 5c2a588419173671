using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Every width on every machine: one it lacks runs in software.</summary>
[TestFixture(512)]
[TestFixture(256)]
[TestFixture(128)]
internal sealed class CpuBackendConformanceTests(int bits) : BackendConformance
{
    protected override IBackend Create() => new CpuBackend(threads: 3, (SimdWidth)bits);
}
