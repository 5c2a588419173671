using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>The backends that tests of whole models run on.</summary>
internal enum ModelBackend
{
    Reference,
    Cpu,
}

/// <summary>Makes and reads them.</summary>
internal static class ModelBackends
{
    internal static IBackend Create(this ModelBackend backend) =>
        backend == ModelBackend.Cpu ? new CpuBackend(threads: 2) : new ReferenceBackend();

    /// <summary>A tensor's numbers; both backends compute in host memory and at once.</summary>
    internal static float[] ToHost(Tensor x) => x.HostSpan<float>().ToArray();
}
