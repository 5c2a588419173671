namespace LongContext.Communication;

/// <summary>Counts what a rank moves, by phase. Written by the rank's thread, read by any.</summary>
internal sealed class TrafficCounters
{
    private static readonly int Phases = Enum.GetValues<CommPhase>().Length;

    private readonly long[] _operations = new long[Phases];
    private readonly long[] _sent = new long[Phases];
    private readonly long[] _received = new long[Phases];

    /// <summary>Counts an operation of a rank of <paramref name="size"/>.</summary>
    internal void Count(in CommRequest request, int rank, int size)
    {
        (long sent, long received) = Bytes(request, rank, size);
        int phase = (int)request.Tag.Phase;
        Interlocked.Increment(ref _operations[phase]);
        Interlocked.Add(ref _sent[phase], sent);
        Interlocked.Add(ref _received[phase], received);
    }

    internal CommTraffic Read(CommPhase phase) => new(
        Interlocked.Read(ref _operations[(int)phase]), Interlocked.Read(ref _sent[(int)phase]), Interlocked.Read(ref _received[(int)phase]));

    private static (long Sent, long Received) Bytes(in CommRequest request, int rank, int size)
    {
        int element = request.Send.ElementSize;
        long all = request.Receive.ByteCount;
        int others = size - 1;
        switch (request.Verb)
        {
            case CommVerb.AllGather:
                return (others * request.Send.ByteCount, all - request.Send.ByteCount);
            case CommVerb.AllToAll:
                long keptSent = request.SendCounts.IsEmpty ? request.Send.ByteCount / size : request.SendCounts[rank] * element;
                long keptReceived = request.ReceiveCounts.IsEmpty ? all / size : request.ReceiveCounts[rank] * element;
                return (request.Send.ByteCount - keptSent, all - keptReceived);
            case CommVerb.SendReceive:
                return (
                    request.To == Communicator.NoRank || request.To == rank ? 0 : request.Send.ByteCount,
                    request.From == Communicator.NoRank || request.From == rank ? 0 : all);
            case CommVerb.Broadcast:
                return request.To == rank ? (others * all, 0) : (0, all);
            case CommVerb.AllReduce:
                // This rank's part to be summed here, others' parts to be summed there; then this part's result to all.
                long part = EvenParts.Of(request.Send.Count, rank, size).Count * element;
                return (all - part + (others * part), (others * part) + all - part);
            default:
                return (0, 0);
        }
    }
}
