using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>One operation of this rank: its arguments, and what of it is still to come from and to go to each peer. Reused.</summary>
/// <remarks>
/// The rank's thread fills it in and reads <see cref="IsDone"/>; all else belongs to the communication thread. An operation is complete
/// when every rank that it concerns has told that it started the same, its bytes have come, and this rank's bytes have left.
/// </remarks>
internal sealed class MpiOperation(MpiWorld world, MpiGroup group) : IMpiWork
{
    private readonly long[] _sendCounts = new long[group.Size];
    private readonly long[] _receiveCounts = new long[group.Size];
    private readonly bool[] _offered = new bool[group.Size];
    private readonly int[] _leftOf = new int[group.Size];
    private readonly CommRegion[] _sources = new CommRegion[group.Size];
    private OperationHead _head;
    private CommRegion _send;
    private CommRegion _receive;
    private ScratchMemory? _scratch;
    private bool _unequalSend;
    private bool _unequalReceive;
    private ulong _sequence = ulong.MaxValue;
    private bool _isDone = true;
    private int _left;

    internal MpiGroup Group => group;

    /// <summary>Its number; the greatest value before the first use.</summary>
    internal ulong Sequence => Volatile.Read(ref _sequence);

    /// <summary>Complete on this rank.</summary>
    internal bool IsDone => Volatile.Read(ref _isDone);

    /// <summary>The communication thread has begun it.</summary>
    internal bool IsStarted { get; private set; }

    /// <summary>0; 1 in the second half of an AllReduce.</summary>
    internal int Stage { get; private set; }

    /// <summary>When the rank first waited for it; 0 before.</summary>
    internal long FirstWait { get; set; }

    /// <summary>The rank has been told of, for being late in it.</summary>
    internal bool IsWarned { get; set; }

    /// <summary>The others have been asked what they wait for.</summary>
    internal bool IsAsked { get; set; }

    internal ref readonly OperationHead Head => ref _head;

    /// <summary>Counts given by the caller; empty where blocks are equal.</summary>
    internal ReadOnlySpan<long> ReceiveCounts => _unequalReceive ? _receiveCounts : [];

    /// <summary>Whether its place may be taken by another one.</summary>
    internal bool IsFree => IsDone;

    /// <summary>Fills it in, on the rank's thread, before it is handed over.</summary>
    internal void Arrive(in CommRequest request)
    {
        (_head, _send, _receive) = (new OperationHead(request), request.Send, request.Receive);
        _unequalSend = Keep(request.SendCounts, _sendCounts);
        _unequalReceive = Keep(request.ReceiveCounts, _receiveCounts);
        (Stage, IsStarted, FirstWait, IsWarned, IsAsked) = (0, false, 0, false, false);
        Volatile.Write(ref _isDone, false);
        Volatile.Write(ref _sequence, request.Sequence);
    }

    /// <inheritdoc/>
    public void Execute() => world.Begin(this);

    /// <summary>Begins it, or its second half: what this rank does for itself is done, the rest is counted.</summary>
    internal void Start()
    {
        IsStarted = true;
        Array.Clear(_offered);
        Array.Clear(_leftOf);
        _left = 0;
        if (_head.Verb == CommVerb.AllReduce && Stage == 0)
        {
            _scratch = world.Scratch.Take((group.Size - 1) * Part(group.Rank).ByteCount);
        }

        for (int peer = 0; peer < group.Size; peer++)
        {
            if (Concerns(peer))
            {
                _leftOf[peer] = Outgoing(peer).ByteCount > ControlBuffer.MostPayload ? 2 : 1;
                _left += _leftOf[peer];
            }
        }

        if (_head.Verb != CommVerb.AllReduce)
        {
            CopyOwn();
        }
    }

    /// <summary>Whether all of this half has come and gone.</summary>
    internal bool IsHalfDone => _left == 0;

    /// <summary>Ends this half.</summary>
    /// <returns>Whether there is another one, to be started.</returns>
    internal bool FinishHalf()
    {
        if (_head.Verb == CommVerb.AllReduce && Stage == 0)
        {
            Reduce();
            world.Scratch.Return(_scratch!);
            _scratch = null;
            Stage = 1;
            return true;
        }

        Volatile.Write(ref _isDone, true);
        return false;
    }

    /// <summary>Whether an offer of <paramref name="peer"/> belongs to this half and has not come yet.</summary>
    internal bool Expects(int peer) => _leftOf[peer] > 0 && !_offered[peer];

    /// <summary>The offer of <paramref name="peer"/> has come and is right.</summary>
    internal void Offered(int peer) => _offered[peer] = true;

    /// <summary>A block has come from <paramref name="peer"/> whole, or left for it.</summary>
    internal void BlockDone(int peer)
    {
        _left--;
        _leftOf[peer]--;
    }

    /// <summary>Ranks that this one waits for: those that have not come, or if all have, those whose bytes are under way. A look from any thread.</summary>
    internal IReadOnlyList<int> AllMissing()
    {
        int[] concerned = [.. Enumerable.Range(0, group.Size).Where(Concerns)];
        int[] absent = [.. concerned.Where(p => !(IsStarted && _offered[p]))];
        return absent.Length > 0 ? absent : [.. concerned.Where(p => _leftOf[p] > 0)];
    }

    /// <summary>Whether this operation exchanges anything with <paramref name="peer"/>, be it only that both started it.</summary>
    internal bool Concerns(int peer) => peer != group.Rank && _head.Verb switch
    {
        CommVerb.SendReceive => peer == _head.To || peer == _head.From,
        CommVerb.Broadcast => group.Rank == _head.To || peer == _head.To,
        _ => true,
    };

    /// <summary>What goes to <paramref name="peer"/> in this half.</summary>
    internal CommRegion Outgoing(int peer) => _head.Verb switch
    {
        CommVerb.AllGather => _send,
        CommVerb.AllToAll => Block(_send, _unequalSend ? _sendCounts : [], peer),
        CommVerb.SendReceive => peer == _head.To ? _send : CommRegion.Empty(_send.Kind),
        CommVerb.Broadcast => group.Rank == _head.To ? _send : CommRegion.Empty(_send.Kind),
        CommVerb.AllReduce => Part(Stage == 0 ? peer : group.Rank),
        _ => default,
    };

    /// <summary>Where the bytes of <paramref name="peer"/> go in this half.</summary>
    internal CommRegion Incoming(int peer) => _head.Verb switch
    {
        CommVerb.AllGather or CommVerb.AllToAll => Block(_receive, ReceiveCounts, peer),
        CommVerb.SendReceive => peer == _head.From ? _receive : CommRegion.Empty(_send.Kind),
        CommVerb.Broadcast => peer == _head.From ? _receive : CommRegion.Empty(_send.Kind),
        CommVerb.AllReduce => Stage == 0 ? ScratchOf(peer) : Part(peer),
        _ => default,
    };

    /// <summary>The operation for a message.</summary>
    internal string Describe() => _head.Describe(ReceiveCounts);

    private void CopyOwn()
    {
        int me = group.Rank;
        (CommRegion from, CommRegion to) = _head.Verb switch
        {
            CommVerb.AllGather or CommVerb.AllToAll => (Outgoing(me), Incoming(me)),
            CommVerb.SendReceive when _head.To == me && _head.From == me => (_send, _receive),
            _ => default,
        };
        Copy(from, to);
    }

    private static unsafe void Copy(in CommRegion from, in CommRegion to)
    {
        if (from.Address != to.Address && to.Count == from.Count)
        {
            Buffer.MemoryCopy((void*)from.Address, (void*)to.Address, to.ByteCount, from.ByteCount);
        }
    }

    private void Reduce()
    {
        for (int rank = 0; rank < group.Size; rank++)
        {
            _sources[rank] = rank == group.Rank ? Part(rank) : ScratchOf(rank);
        }

        RankOrderReduction.Run(_sources, [Part(group.Rank)], _head.Reduction);
    }

    /// <summary>The elements that rank <paramref name="rank"/> reduces.</summary>
    private CommRegion Part(int rank)
    {
        (long each, long rest) = Math.DivRem(_send.Count, group.Size);
        return _send.Slice((rank * each) + Math.Min(rank, rest), each + (rank < rest ? 1 : 0));
    }

    private CommRegion ScratchOf(int peer)
    {
        CommRegion part = Part(group.Rank);
        int place = peer < group.Rank ? peer : peer - 1;
        return part with { Address = _scratch!.Address + (nint)(place * part.ByteCount) };
    }

    private CommRegion Block(in CommRegion region, ReadOnlySpan<long> counts, int rank)
    {
        if (counts.IsEmpty)
        {
            long each = region.Count / group.Size;
            return region.Slice(rank * each, each);
        }

        long start = 0;
        foreach (long count in counts[..rank])
        {
            start += count;
        }

        return region.Slice(start, counts[rank]);
    }

    private static bool Keep(ReadOnlySpan<long> counts, long[] kept)
    {
        counts.CopyTo(kept);
        return !counts.IsEmpty;
    }
}
