namespace LongContext.Communication.InProcess;

/// <summary>One rank's part of one operation. Reused from operation to operation; every field under the group's lock.</summary>
internal sealed class RankPart(int size)
{
    private long[] _sendCounts = [];
    private long[] _receiveCounts = [];
    private bool _unequalSend;
    private bool _unequalReceive;
    private bool _done;

    /// <summary>The rank has started the operation.</summary>
    internal bool Arrived { get; private set; }

    /// <summary>Complete for this rank. The one field that is read without the lock.</summary>
    internal bool Done
    {
        get => Volatile.Read(ref _done);
        set => Volatile.Write(ref _done, value);
    }

    /// <summary>SendReceive: messages of this rank, its own and those for it, that have not been moved.</summary>
    internal int Pending { get; set; }

    /// <summary>SendReceive: messages of this rank that somebody moves right now.</summary>
    internal int Moving { get; set; }

    /// <summary>When the rank first waited for it; 0 before.</summary>
    internal long FirstWait { get; set; }

    internal CommVerb Verb { get; private set; }

    internal CommTag Tag { get; private set; }

    internal CommRegion Send { get; private set; }

    internal CommRegion Receive { get; private set; }

    internal int To { get; private set; }

    internal int From { get; private set; }

    internal Reduction Reduction { get; private set; }

    /// <summary>Counts given by the caller; empty where blocks are equal.</summary>
    internal ReadOnlySpan<long> ReceiveCounts => _unequalReceive ? _receiveCounts : [];

    internal void Clear()
    {
        (Arrived, Pending, Moving, FirstWait) = (false, 0, 0, 0);
        Done = false;
    }

    internal void Arrive(in CommRequest request)
    {
        (Arrived, Verb, Tag) = (true, request.Verb, request.Tag);
        (Send, Receive, To, From, Reduction) = (request.Send, request.Receive, request.To, request.From, request.Reduction);
        _unequalSend = Keep(request.SendCounts, ref _sendCounts);
        _unequalReceive = Keep(request.ReceiveCounts, ref _receiveCounts);
        if (Verb == CommVerb.SendReceive)
        {
            Pending = (To == Communicator.NoRank ? 0 : 1) + (From == Communicator.NoRank ? 0 : 1);
            Done = Pending == 0;
        }
    }

    /// <summary>SendReceive: one of this rank's messages has been moved.</summary>
    internal void FinishMessage()
    {
        Moving--;
        Pending--;
        Done = Pending == 0;
    }

    /// <summary>What this rank sends to <paramref name="rank"/> in an AllToAll.</summary>
    internal CommRegion BlockTo(int rank) => Block(Send, _unequalSend ? _sendCounts : [], rank);

    /// <summary>Where this rank gets <paramref name="rank"/>'s block, in an AllToAll or AllGather.</summary>
    internal CommRegion BlockFrom(int rank) => Block(Receive, ReceiveCounts, rank);

    /// <summary>The operation for a message: "AllGather of 4 Float32 elements (RingKeyValue, layer 2, step 3, part 0)".</summary>
    public override string ToString() => new CommRequest
    {
        Verb = Verb, Tag = Tag, Sequence = 0, Send = Send, Receive = Receive, ReceiveCounts = ReceiveCounts, To = To, From = From, Reduction = Reduction,
    }.ToString();

    private bool Keep(ReadOnlySpan<long> counts, ref long[] kept)
    {
        if (counts.IsEmpty)
        {
            return false;
        }

        kept = kept.Length == size ? kept : new long[size]; // once for each part: later operations reuse it
        counts.CopyTo(kept);
        return true;
    }

    private CommRegion Block(in CommRegion region, ReadOnlySpan<long> counts, int rank)
    {
        if (counts.IsEmpty)
        {
            long each = region.Count / size;
            return region.Slice(rank * each, each);
        }

        long start = 0;
        foreach (long count in counts[..rank])
        {
            start += count;
        }

        return region.Slice(start, counts[rank]);
    }
}
