using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>The elements of a region as spans.</summary>
internal static unsafe class HostMemory
{
    internal static Span<byte> Bytes(scoped in CommRegion region) => new((void*)region.Address, checked((int)region.ByteCount));

    internal static Span<float> Floats(in CommRegion region) => new((void*)region.Address, checked((int)region.Count));

    internal static Span<ushort> BFloat16s(in CommRegion region) => new((void*)region.Address, checked((int)region.Count));
}
