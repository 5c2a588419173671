using LongContext.Communication;

namespace LongContext.CriticalPath.Recording;

/// <summary>Which messages the verbs of a communicator stand for.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Rank">This rank in it.</param>
/// <param name="World">Rank of the world of each of its ranks.</param>
internal sealed record MessagePattern(string Group, int Rank, IReadOnlyList<int> World)
{
    internal OperationPart AllGather(ulong sequence, int elementSize, ReadOnlySpan<long> counts)
    {
        List<(int, long)> sends = [];
        List<int> receives = [];
        foreach (int peer in Others())
        {
            if (counts[Rank] > 0)
            {
                sends.Add((World[peer], counts[Rank] * elementSize));
            }

            if (counts[peer] > 0)
            {
                receives.Add(World[peer]);
            }
        }

        return Part(sequence, sends, receives);
    }

    internal OperationPart AllToAll(ulong sequence, int elementSize, ReadOnlySpan<long> sendCounts, ReadOnlySpan<long> receiveCounts)
    {
        List<(int, long)> sends = [];
        List<int> receives = [];
        foreach (int peer in Others())
        {
            if (sendCounts[peer] > 0)
            {
                sends.Add((World[peer], sendCounts[peer] * elementSize));
            }

            if (receiveCounts[peer] > 0)
            {
                receives.Add(World[peer]);
            }
        }

        return Part(sequence, sends, receives);
    }

    internal OperationPart SendReceive(ulong sequence, long bytes, int to, int from) => Part(
        sequence,
        to == Communicator.NoRank || to == Rank ? [] : [(World[to], bytes)],
        from == Communicator.NoRank || from == Rank ? [] : [World[from]]);

    internal OperationPart Broadcast(ulong sequence, long bytes, int root) => root == Rank
        ? Part(sequence, [.. Others().Select(p => (World[p], bytes))], [])
        : Part(sequence, [], [World[root]]);

    /// <summary>Parts to their owners and results back, as one exchange: the bytes are right, one latency is missing.</summary>
    internal OperationPart AllReduce(ulong sequence, long bytes) =>
        Part(sequence, [.. Others().Select(p => (World[p], 2 * bytes / World.Count))], [.. Others().Select(p => World[p])]);

    internal OperationPart Barrier(ulong sequence) => Part(sequence, [.. Others().Select(p => (World[p], 0L))], [.. Others().Select(p => World[p])]);

    /// <summary>The next rank first, so that not all send to rank 0 at once.</summary>
    private IEnumerable<int> Others() => Enumerable.Range(1, World.Count - 1).Select(i => (Rank + i) % World.Count);

    private OperationPart Part(ulong sequence, IReadOnlyList<(int, long)> sends, IReadOnlyList<int> receives) =>
        new(new OperationKey(Group, sequence), sends, receives);
}
