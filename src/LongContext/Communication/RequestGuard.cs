using LongContext.Diagnostics;

namespace LongContext.Communication;

/// <summary>Refuses an operation's arguments before anything starts. Knows one rank's arguments only; ranks are compared elsewhere.</summary>
/// <remarks>Messages are made only where they are thrown: an operation allocates nothing.</remarks>
internal static class RequestGuard
{
    /// <exception cref="ArgumentException">The region is not memory that the transport can move.</exception>
    internal static void Region(in CommRegion region, CommunicatorInfo info, string what)
    {
        if (region.Count < 0 || region.Count > long.MaxValue / 4 || region.Kind > ElementKind.BFloat16)
        {
            ShapeGuard.Throw($"{what}: {region.Count} elements of kind {region.Kind} are no memory.");
        }

        if (region.Address == 0 && region.Count > 0)
        {
            ShapeGuard.Throw($"{what}: {region.Count} elements at address 0.");
        }

        for (int i = 0; i < info.Places.Count; i++)
        {
            if (region.Place == info.Places[i])
            {
                return;
            }
        }

        ShapeGuard.Throw($"{what} is in {region.Place} memory, but the {info.Transport} communicator moves {string.Join(", ", info.Places)}.");
    }

    /// <exception cref="ArgumentException">The rank does not exist.</exception>
    internal static void Rank(int rank, int size, string what)
    {
        if ((uint)rank >= (uint)size)
        {
            ShapeGuard.Throw($"{what} is rank {rank}; there are ranks 0 to {size - 1}.");
        }
    }

    /// <exception cref="ArgumentException">The element types differ.</exception>
    internal static void SameKind(in CommRegion send, in CommRegion receive)
    {
        if (send.Kind != receive.Kind)
        {
            ShapeGuard.Throw($"{send.Kind} is sent, but {receive.Kind} received.");
        }
    }

    /// <exception cref="ArgumentException">The counts are not one for each rank, negative, or not the region's.</exception>
    internal static void Counts(ReadOnlySpan<long> counts, in CommRegion region, int size, string what)
    {
        ShapeGuard.SameLength(counts.Length, size, "counts");
        long rest = region.Count;
        foreach (long count in counts)
        {
            if (count < 0 || count > rest)
            {
                ShapeGuard.Throw($"{what}: a block of {count} elements where {rest} of {region.Count} are left.");
            }

            rest -= count;
        }

        if (rest > 0)
        {
            ShapeGuard.Throw($"{what}: the counts leave {rest} of {region.Count} elements out.");
        }
    }

    /// <exception cref="ArgumentException">They share bytes.</exception>
    internal static void Apart(in CommRegion send, in CommRegion receive)
    {
        bool apart = send.Count == 0 || receive.Count == 0
            || send.Address + (nint)send.ByteCount <= receive.Address || receive.Address + (nint)receive.ByteCount <= send.Address;
        if (!apart)
        {
            ShapeGuard.Throw("What is sent and what is received share memory.");
        }
    }
}
