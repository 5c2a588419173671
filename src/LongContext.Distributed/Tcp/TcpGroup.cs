using System.Diagnostics;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>One rank's end of one communicator: the world, or a group split from it. Every field under the mesh's lock.</summary>
/// <remarks>
/// Every rank tells every other each operation that it starts, in order, so that ranks that do different things notice before a byte
/// of payload moves. What others start early is kept; no rank is more than <see cref="Window"/> operations ahead of another.
/// </remarks>
internal sealed unsafe partial class TcpGroup
{
    private const int Window = 64;
    private const int TellingsPerDeadline = 4; // so often a rank that waits says so: whoever is to blame is silent

    private readonly TcpMesh _mesh;
    private readonly int[] _world;
    private readonly TcpOperation[] _operations;
    private readonly EarlyFrame?[,] _early; // [peer, sequence % Window]
    private readonly ulong[] _announced;    // [peer]: operations it has started
    private readonly bool[] _closed;        // [peer]: it starts no more
    private readonly Announcement _heard = new();
    private readonly byte[] _body;
    private ulong _begun;

    internal TcpGroup(TcpMesh mesh, uint id, CommunicatorInfo info, int rank, int[] world)
    {
        (_mesh, Id, Info, Rank, _world) = (mesh, id, info, rank, world);
        _operations = [.. Enumerable.Range(0, Window).Select(_ => new TcpOperation(this))];
        (_early, _announced, _closed) = (new EarlyFrame?[Size, Window], new ulong[Size], new bool[Size]);
        _body = new byte[Announcement.MostBytes(Size)];
    }

    /// <summary>The same on all ranks of the group.</summary>
    internal uint Id { get; }

    internal CommunicatorInfo Info { get; }

    internal int Rank { get; }

    internal int Size => _world.Length;

    /// <summary>The oldest operation that is not complete.</summary>
    internal TcpOperation? Oldest => _operations.Where(o => !o.IsDone).MinBy(o => o.Sequence);

    /// <summary>The operation started last, if there was one.</summary>
    internal TcpOperation? Latest => _begun == 0 ? null : Operation(_begun - 1);

    internal bool IsReducing => Array.Exists(_operations, o => o.IsReducing);

    internal CommBuffer RentScratch(long byteCount) => _mesh.RentScratch(byteCount);

    /// <summary>Starts an operation and tells the others.</summary>
    internal void Begin(in CommRequest request)
    {
        lock (_mesh.Gate)
        {
            TcpOperation operation = Operation(request.Sequence);
            WaitForPlace(operation);
            if (!_mesh.IsFaulted)
            {
                operation.Reset(request);
                CopyOwnBlock(operation);
                _begun++;
                AnnounceToAll(operation);
                HearEarly(operation);
                Advance(operation);
            }
        }

        foreach (int peer in _world)
        {
            _mesh.LinkTo(peer)?.Push();
        }

        _mesh.ThrowIfFaulted();
    }

    /// <summary>Whether operation <paramref name="sequence"/>, which this rank has started, is complete here.</summary>
    internal bool IsCompleted(ulong sequence)
    {
        TcpOperation operation = Operation(sequence);
        return operation.Sequence != sequence || operation.IsDone; // another number: it was complete and its place was taken
    }

    /// <summary>Waits for it; false if <paramref name="limit"/> passes first.</summary>
    internal bool Wait(ulong sequence, TimeSpan? limit)
    {
        for (SpinWait spin = default; !IsCompleted(sequence) && !spin.NextSpinWillYield; spin.SpinOnce(sleep1Threshold: -1))
        {
        }

        long start = Stopwatch.GetTimestamp();
        lock (_mesh.Gate)
        {
            TcpOperation operation = Operation(sequence);
            while (!IsCompleted(sequence) && !_mesh.IsFaulted)
            {
                operation.FirstWait = operation.FirstWait == 0 ? start : operation.FirstWait;
                TimeSpan left = CheckMissing(operation, operation.Missing(), operation.FirstWait);
                TimeSpan? unspent = limit - Stopwatch.GetElapsedTime(start);
                if (unspent <= TimeSpan.Zero)
                {
                    return false;
                }

                Park(unspent < left ? unspent.Value : left);
            }

            if (IsCompleted(sequence))
            {
                return true;
            }
        }

        _mesh.ThrowIfFaulted();
        return false; // not reached: there is a fault
    }

    /// <summary>This rank starts no more operations. One that it leaves unfinished is a fault.</summary>
    internal void Close()
    {
        lock (_mesh.Gate)
        {
            if (_mesh.IsFaulted)
            {
                return;
            }

            if (Oldest is { } unfinished)
            {
                _mesh.Fail(TcpFaults.EndedInside(unfinished));
                return;
            }

            foreach (int peer in _world)
            {
                _mesh.LinkTo(peer)?.Queue(new FrameHeader(FrameKind.Close, default, Id, (uint)_begun, 0, default, 0), []);
            }
        }

        foreach (int peer in _world)
        {
            _mesh.LinkTo(peer)?.Push();
        }
    }

    private TcpOperation Operation(ulong sequence) => _operations[sequence % Window];

    private void WaitForPlace(TcpOperation operation)
    {
        long start = Stopwatch.GetTimestamp();
        while (!operation.IsFree && !_mesh.IsFaulted)
        {
            int missing = operation.IsDone ? operation.FirstAbsent() : operation.Missing();
            Park(CheckMissing(operation, missing, start));
        }
    }

    /// <summary>Faults if the rank waited for has ended or the deadline has passed.</summary>
    /// <returns>What is left of the deadline.</returns>
    private TimeSpan CheckMissing(TcpOperation operation, int missing, long since)
    {
        if (missing == Communicator.NoRank)
        {
            return _mesh.Deadline; // all is here: a thread of ours reduces
        }

        TimeSpan waited = Stopwatch.GetElapsedTime(Math.Max(since, operation.LastMoved(missing)));
        if ((_closed[missing] || _mesh.HasEnded(_world[missing])) && !operation.HasHeard(missing))
        {
            _mesh.Fail(TcpFaults.Ended(operation, missing, ""));
        }
        else if (waited >= _mesh.Deadline)
        {
            int blamed = Blamed(operation, missing);
            _mesh.Fail(TcpFaults.Late(operation, blamed, _mesh.Deadline, Silence(blamed)));
        }
        else if (waited >= _mesh.SlowRankWarning && !operation.IsWarned)
        {
            operation.IsWarned = true;
            FailStop.Report(TcpFaults.Slow(operation, missing, waited));
        }

        if (waited > (operation.TimesTold + 1) * _mesh.Deadline / (TellingsPerDeadline + 1))
        {
            operation.TimesTold++;
            _mesh.TellWaiting();
        }

        return _mesh.Deadline - waited;
    }

    /// <summary>The rank silent for longest of those that an operation waits for; or of all, if those wait for others themselves.</summary>
    private int Blamed(TcpOperation operation, int missing)
    {
        int needed = Peers(p => operation.IsDone ? !operation.HasHeard(p) : operation.Needs(p));
        if (needed != Communicator.NoRank && Silence(needed) >= _mesh.Deadline / 2)
        {
            return needed;
        }

        int any = Peers(p => !_closed[p]);
        return any != Communicator.NoRank && Silence(any) >= _mesh.Deadline / 2 ? any : missing;

        int Peers(Func<int, bool> isOne) => Enumerable.Range(0, Size)
            .Where(p => p != Rank && isOne(p))
            .OrderByDescending(Silence)
            .DefaultIfEmpty(Communicator.NoRank)
            .First();
    }

    private TimeSpan Silence(int peer) => _mesh.LinkTo(_world[peer])!.Silence;

    private void Park(TimeSpan time)
    {
        if (!_mesh.IsFaulted)
        {
            Monitor.Wait(_mesh.Gate, Math.Clamp((int)time.TotalMilliseconds, 1, 100));
        }
    }

    private void CopyOwnBlock(TcpOperation operation)
    {
        bool isToItself = operation.Own.Verb != CommVerb.SendReceive || operation.Own.To == Rank || operation.Own.From == Rank;
        if (operation.Own.Verb > CommVerb.SendReceive || !isToItself)
        {
            return;
        }

        if (!operation.Own.Fits(operation.Own, Rank, Rank) && operation.Own.Verb == CommVerb.SendReceive)
        {
            _mesh.Fail(TcpFaults.Diverged(operation, Rank, operation.Own));
            return;
        }

        (CommRegion from, CommRegion to) = (operation.BlockTo(Rank), operation.BlockFrom(Rank));
        if (from.Count != to.Count)
        {
            _mesh.Fail(TcpFaults.Diverged(operation, Rank, operation.Own));
        }
        else if (from.Address != to.Address)
        {
            Buffer.MemoryCopy((void*)from.Address, (void*)to.Address, to.ByteCount, from.ByteCount);
        }
    }
}
