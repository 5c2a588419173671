using System.Diagnostics;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>One rank's part of one operation: what it has started, what it has heard of the others, and what is left to move.</summary>
/// <remarks>
/// Blocks longer than an announcement holds are sent once the other rank's announcement is here: then its memory is ready, and both mean the
/// same. Long reductions go in two rounds: each rank reduces its part of everybody's, then all get the parts. Every field under the mesh's lock.
/// </remarks>
internal sealed class TcpOperation
{
    private readonly TcpGroup _group;
    private readonly PeerProgress[] _peers;
    private readonly CommRegion[] _reduceSources;
    private long[] _sendCounts = [];
    private long[] _receiveCounts = [];
    private bool _unequalSend;
    private bool _unequalReceive;
    private ulong _sequence = ulong.MaxValue;
    private bool _done;
    private CommRegion _send;
    private CommRegion _receive;
    private CommRegion _reduceBlocks; // [ranks, elements of one block]
    private bool _inParts;            // a reduction in two rounds
    private int _pending;             // things to happen before it is complete
    private int _reducePending;       // blocks to arrive before they can be reduced

    internal TcpOperation(TcpGroup group)
    {
        _group = group;
        _peers = new PeerProgress[group.Size];
        _reduceSources = new CommRegion[group.Size];
        _done = true;
    }

    /// <summary>Its number; the greatest value before the first use. Read without the lock too.</summary>
    internal ulong Sequence => Volatile.Read(ref _sequence);

    /// <summary>Complete on this rank. Read without the lock too.</summary>
    internal bool IsDone => Volatile.Read(ref _done);

    /// <summary>Complete, and every rank has been heard of: may be taken by another operation.</summary>
    internal bool IsFree => IsDone && (Sequence == ulong.MaxValue || HeardCount == _group.Size - 1);

    /// <summary>A thread of ours works in the caller's memory right now.</summary>
    internal bool IsReducing { get; private set; }

    /// <summary>When the rank first waited for it; 0 before.</summary>
    internal long FirstWait { get; set; }

    /// <summary>A line has said that it takes long.</summary>
    internal bool IsWarned { get; set; }

    /// <summary>How often the others have been told that this rank waits for it.</summary>
    internal int TimesTold { get; set; }

    /// <summary>What this rank has started.</summary>
    internal Announcement Own { get; } = new();

    internal TcpGroup Group => _group;

    /// <summary>The memory of a long reduction, to be given back.</summary>
    internal CommBuffer? Scratch { get; set; }

    private int HeardCount { get; set; }

    internal FrameHeader Header(FrameKind kind) => new(kind, Own.Verb, _group.Id, (uint)Sequence, 0, Own.Tag, 0);

    /// <summary>Takes a request and finds what has to happen for it.</summary>
    internal void Reset(in CommRequest request)
    {
        Volatile.Write(ref _done, false);
        Volatile.Write(ref _sequence, request.Sequence);
        (FirstWait, IsWarned, TimesTold, HeardCount, _pending, _reducePending) = (0, false, 0, 0, 0, 0);
        (_send, _receive) = (request.Send, request.Receive);
        _unequalSend = Keep(request.SendCounts, ref _sendCounts);
        _unequalReceive = Keep(request.ReceiveCounts, ref _receiveCounts);
        (Own.Verb, Own.Tag, Own.Kind, Own.Reduction) = (request.Verb, request.Tag, request.Send.Kind, request.Reduction);
        (Own.SendCount, Own.ReceiveCount, Own.To, Own.From) = (request.Send.Count, request.Receive.Count, request.To, request.From);
        Own.SetCounts(request.Verb == CommVerb.AllGather ? request.ReceiveCounts : []);
        bool reduces = request.Verb == CommVerb.AllReduce && _group.Size > 1;
        _inParts = reduces && _send.ByteCount > Announcement.MostInlineBytes;
        if (reduces)
        {
            long block = _inParts ? Part(_group.Rank).Count : _send.Count;
            Scratch = _group.RentScratch(block * _group.Size * _send.ElementSize);
            _reduceBlocks = Scratch.Region(_send.Kind).Slice(0, block * _group.Size);
            (_reducePending, _pending) = (_group.Size - 1, 1);
        }

        for (int peer = 0; peer < _group.Size; peer++)
        {
            _peers[peer] = default;
            if (peer != _group.Rank)
            {
                ExpectFrom(peer);
            }
        }

        Volatile.Write(ref _done, _pending == 0);
    }

    /// <summary>What goes to <paramref name="peer"/>, in the first round of a reduction in two.</summary>
    internal CommRegion BlockTo(int peer) => Own.Verb switch
    {
        CommVerb.AllGather => _send,
        CommVerb.AllToAll => Block(_send, _unequalSend ? _sendCounts : [], peer),
        CommVerb.SendReceive when Own.To == peer => _send,
        CommVerb.Broadcast when Own.To == _group.Rank => _send,
        CommVerb.AllReduce => _inParts ? Part(peer) : _send,
        _ => CommRegion.Empty(_send.Kind),
    };

    /// <summary>Where <paramref name="peer"/>'s block goes.</summary>
    internal CommRegion BlockFrom(int peer) => Own.Verb switch
    {
        CommVerb.AllGather or CommVerb.AllToAll => Block(_receive, _unequalReceive ? _receiveCounts : [], peer),
        CommVerb.SendReceive when Own.From == peer => _receive,
        CommVerb.Broadcast when Own.From == peer => _receive,
        CommVerb.AllReduce when peer != _group.Rank => ReduceBlock(peer),
        _ => CommRegion.Empty(_receive.Kind),
    };

    /// <summary>Whether a block travels with the announcement.</summary>
    internal bool IsInline(in CommRegion block) => !_inParts && block.ByteCount <= Announcement.MostInlineBytes;

    /// <summary><paramref name="peer"/> has started it too, and agrees. Its payload, if small, is here.</summary>
    internal void Hear(int peer)
    {
        ref PeerProgress progress = ref _peers[peer];
        (progress.IsHeard, progress.LastMoved) = (true, Stopwatch.GetTimestamp());
        HeardCount++;
        if (progress.IsNeeded)
        {
            _pending--;
        }

        if (Own.Verb == CommVerb.AllReduce && !_inParts)
        {
            _reducePending--;
        }
    }

    /// <summary>Where the next piece of <paramref name="peer"/>'s payload goes, and how much is expected.</summary>
    internal (nint Address, long Left) Expected(int peer) => (_peers[peer].Address, _peers[peer].Left);

    /// <summary>A piece of <paramref name="peer"/>'s payload has arrived.</summary>
    internal void Receive(int peer, int bytes)
    {
        ref PeerProgress progress = ref _peers[peer];
        progress.LastMoved = Stopwatch.GetTimestamp();
        (progress.Address, progress.Left) = (progress.Address + bytes, progress.Left - bytes);
        if (progress.Left > 0)
        {
            return;
        }

        _pending--;
        if (_inParts && !progress.IsSecondRound)
        {
            CommRegion part = Part(peer);
            (progress.IsSecondRound, progress.Address, progress.Left) = (true, part.Address, part.ByteCount);
            _reducePending--;
        }
    }

    /// <summary>A block has gone to <paramref name="peer"/>.</summary>
    internal void Sent(int peer)
    {
        _peers[peer].LastMoved = Stopwatch.GetTimestamp();
        _peers[peer].SendsLeft--;
        _pending--;
    }

    /// <summary>Whether all blocks of a reduction are here and nobody has begun to reduce them; the caller does it then.</summary>
    internal bool TryBeginReduction()
    {
        bool begins = _reduceBlocks.Address != 0 && _reducePending == 0 && !IsReducing && HeardCount == _group.Size - 1;
        IsReducing |= begins;
        return begins;
    }

    /// <summary>Reduces; without the lock, since it may take long.</summary>
    internal void Reduce()
    {
        CommRegion result = _inParts ? Part(_group.Rank) : _receive;
        for (int rank = 0; rank < _group.Size; rank++)
        {
            _reduceSources[rank] = rank == _group.Rank ? result : ReduceBlock(rank);
        }

        RankOrderReduction.Run(_reduceSources, [result], Own.Reduction);
    }

    /// <summary>The blocks are reduced.</summary>
    /// <returns>The part that goes to all others; nothing if they have it.</returns>
    internal CommRegion EndReduction()
    {
        (IsReducing, _reduceBlocks) = (false, default);
        _pending--;
        return _inParts ? Part(_group.Rank) : CommRegion.Empty(_send.Kind);
    }

    /// <summary>Whether the last thing has happened just now.</summary>
    internal bool TryComplete()
    {
        if (_pending > 0 || IsDone)
        {
            return false;
        }

        Volatile.Write(ref _done, true);
        return true;
    }

    /// <summary>A rank that this one waits for, or <see cref="Communicator.NoRank"/>.</summary>
    internal int Missing()
    {
        int absent = Array.FindIndex(_peers, p => p.IsNeeded && !p.IsHeard);
        int unsent = absent >= 0 ? absent : Array.FindIndex(_peers, p => p.Left > 0);
        return unsent >= 0 ? unsent : Array.FindIndex(_peers, p => p.SendsLeft > 0);
    }

    /// <summary>The first rank that has not been heard of, or <see cref="Communicator.NoRank"/>.</summary>
    internal int FirstAbsent()
    {
        int absent = Array.FindIndex(_peers, p => !p.IsHeard);
        return absent == _group.Rank ? Array.FindIndex(_peers, absent + 1, p => !p.IsHeard) : absent;
    }

    /// <summary>Whether something of <paramref name="peer"/> is needed before it is complete.</summary>
    internal bool Needs(int peer) => (_peers[peer].IsNeeded && !_peers[peer].IsHeard) || _peers[peer].Left > 0 || _peers[peer].SendsLeft > 0;

    /// <summary>Whether <paramref name="peer"/> has started it.</summary>
    internal bool HasHeard(int peer) => _peers[peer].IsHeard;

    /// <summary>When payload last moved to or from <paramref name="peer"/>; 0 if never.</summary>
    internal long LastMoved(int peer) => _peers[peer].LastMoved;

    private void ExpectFrom(int peer)
    {
        ref PeerProgress progress = ref _peers[peer];
        progress.IsNeeded = Own.Verb != CommVerb.SendReceive || Own.To == peer || Own.From == peer;
        _pending += progress.IsNeeded ? 1 : 0;
        CommRegion from = BlockFrom(peer);
        if (!IsInline(from))
        {
            (progress.Address, progress.Left) = (from.Address, from.ByteCount);
            _pending++;
        }

        progress.SendsLeft = IsInline(BlockTo(peer)) ? 0 : _inParts ? 2 : 1;
        _pending += progress.SendsLeft + (_inParts ? 1 : 0); // the second round's receive
    }

    private CommRegion Part(int rank)
    {
        (long each, long rest) = Math.DivRem(_send.Count, _group.Size);
        return _send.Slice((rank * each) + Math.Min(rank, rest), each + (rank < rest ? 1 : 0));
    }

    private CommRegion ReduceBlock(int peer)
    {
        long each = _reduceBlocks.Count / _group.Size;
        return _reduceBlocks.Slice(peer * each, each);
    }

    private CommRegion Block(in CommRegion region, ReadOnlySpan<long> counts, int rank)
    {
        if (counts.IsEmpty)
        {
            long each = region.Count / _group.Size;
            return region.Slice(rank * each, each);
        }

        long start = 0;
        foreach (long count in counts[..rank])
        {
            start += count;
        }

        return region.Slice(start, counts[rank]);
    }

    private bool Keep(ReadOnlySpan<long> counts, ref long[] kept)
    {
        if (counts.IsEmpty)
        {
            return false;
        }

        kept = kept.Length == _group.Size ? kept : new long[_group.Size]; // once for each place: later operations reuse it
        counts.CopyTo(kept);
        return true;
    }
}
