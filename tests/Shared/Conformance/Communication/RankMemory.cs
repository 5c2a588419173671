using LongContext.Communication;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>One rank's buffers in a test, freed together, and numbers that tell where they came from.</summary>
internal sealed class RankMemory(ICommunicator communicator) : IDisposable
{
    private readonly List<CommBuffer> _buffers = [];

    /// <summary>The number at <paramref name="index"/> of what <paramref name="rank"/> sends as <paramref name="salt"/>; exact in F32.</summary>
    internal static float Value(int rank, long index, int salt = 0) => ((rank * 7919L) + (salt * 104729L) + index) % 1_000_003;

    /// <summary>Zeroed memory.</summary>
    internal CommRegion Floats(long count)
    {
        CommBuffer buffer = communicator.Allocate(count * sizeof(float));
        _buffers.Add(buffer);
        return buffer.Region(ElementKind.Float32);
    }

    /// <summary>What this rank sends as <paramref name="salt"/>.</summary>
    internal CommRegion Own(long count, int salt = 0)
    {
        CommRegion region = Floats(count);
        Span<float> values = Read(region);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Value(communicator.Rank, i, salt);
        }

        return region;
    }

    /// <summary>These numbers.</summary>
    internal CommRegion Of(ReadOnlySpan<float> values)
    {
        CommRegion region = Floats(values.Length);
        values.CopyTo(Read(region));
        return region;
    }

    /// <summary>These bfloat16 bit patterns.</summary>
    internal CommRegion Of(ReadOnlySpan<ushort> bits)
    {
        CommBuffer buffer = communicator.Allocate(bits.Length * sizeof(ushort));
        _buffers.Add(buffer);
        bits.CopyTo(buffer.Span<ushort>());
        return buffer.Region(ElementKind.BFloat16);
    }

    /// <summary>The numbers in a region.</summary>
    internal static unsafe Span<float> Read(CommRegion region) => new((void*)region.Address, checked((int)region.Count));

    /// <summary>The bit patterns in a region.</summary>
    internal static unsafe Span<ushort> ReadBits(CommRegion region) => new((void*)region.Address, checked((int)region.Count));

    /// <summary>Where <paramref name="block"/> is not the first <c>block.Count</c> numbers that <paramref name="sender"/> sends from <paramref name="start"/> on.</summary>
    /// <returns>The first wrong index, or -1.</returns>
    internal static long FirstWrong(CommRegion block, int sender, long start = 0, int salt = 0)
    {
        ReadOnlySpan<float> values = Read(block);
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] != Value(sender, start + i, salt))
            {
                return i;
            }
        }

        return -1;
    }

    public void Dispose() => _buffers.ForEach(b => b.Dispose());
}
