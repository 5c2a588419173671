using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>The backend that tests of whole models run on.</summary>
internal static class ModelBackend
{
    internal static IBackend Create() => new ReferenceBackend();

    /// <summary>A tensor's numbers.</summary>
    internal static float[] ToHost(Tensor x) => x.HostSpan<float>().ToArray();
}
