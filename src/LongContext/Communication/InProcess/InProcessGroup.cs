using System.Diagnostics;

namespace LongContext.Communication.InProcess;

/// <summary>What the ranks of one communicator share: the operations in flight, who has ended, and the lock around both.</summary>
/// <remarks>
/// An operation completes without anybody waiting for it: the rank that comes last moves the bytes, in pieces, and ranks that wait
/// take pieces too. A message of a ring step is moved by the later of its two ranks. No call that throws a fault returns while another
/// rank still touches the caller's memory, so the caller may free it. Operations are reused: no step allocates.
/// </remarks>
internal sealed class InProcessGroup
{
    private const int Window = 64; // operations that the fastest rank may be ahead of the slowest
    private static readonly TimeSpan LookAround = TimeSpan.FromMilliseconds(20); // for threads that ended without a word

    private readonly object _gate = new();
    private readonly CommunicatorInfo _info;
    private readonly TimeSpan _deadline;
    private readonly FaultLatch _latch;
    private readonly RankOperation[] _operations;
    private readonly RankLife _life;
    private readonly Dictionary<(ulong Sequence, int First), (InProcessGroup Group, int Taken)> _groups = [];

    internal InProcessGroup(CommunicatorInfo info, TimeSpan deadline, FaultLatch latch, RankLife? parent, IReadOnlyList<int> members)
    {
        int size = info.Hosts.Count;
        (_info, _deadline, _latch) = (info, deadline, latch);
        _operations = [.. Enumerable.Range(0, Window).Select(_ => new RankOperation(size))];
        _life = new RankLife(size, parent, members);
    }

    /// <summary>Starts <paramref name="rank"/>'s part of an operation.</summary>
    internal void Begin(int rank, in CommRequest request)
    {
        lock (_gate)
        {
            _life.Seen(rank);
            RankOperation operation = Operation(request.Sequence);
            WaitForPlace(rank, operation, request.Sequence);
            ThrowIfFaulted(rank);
            if (operation.Sequence != request.Sequence)
            {
                operation.Reset(request.Sequence);
            }

            operation.Arrive(rank, request);
            if (Agreement.Differing(operation, rank) is int other and not Communicator.NoRank)
            {
                Fail(FaultDescription.Diverged(_info, operation, rank, other));
                ThrowIfFaulted(rank);
            }

            if (request.Verb == CommVerb.SendReceive)
            {
                MoveMessages(operation, rank);
            }
            else if (operation.Arrived == operation.Parts.Length)
            {
                operation.MakeReady();
                MovePieces(operation);
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Whether operation <paramref name="sequence"/> is complete for <paramref name="rank"/>, which started it.</summary>
    internal bool IsCompleted(int rank, ulong sequence)
    {
        RankOperation operation = Operation(sequence);
        return operation.Sequence != sequence || operation.Parts[rank].Done; // another number: it was complete and its place was taken
    }

    /// <summary>Waits for it; false if <paramref name="limit"/> passes first.</summary>
    internal bool Wait(int rank, ulong sequence, TimeSpan? limit)
    {
        for (SpinWait spin = default; !IsCompleted(rank, sequence) && !spin.NextSpinWillYield; spin.SpinOnce(sleep1Threshold: -1))
        {
        }

        long start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _life.Seen(rank);
            RankOperation operation = Operation(sequence);
            while (!IsCompleted(rank, sequence))
            {
                if (MovePieces(operation))
                {
                    continue;
                }

                ThrowIfFaulted(rank);
                RankPart mine = operation.Parts[rank];
                mine.FirstWait = mine.FirstWait == 0 ? start : mine.FirstWait;
                CheckMissing(operation, rank, operation.Missing(rank), mine.FirstWait);
                ThrowIfFaulted(rank);
                if (limit is { } most && Stopwatch.GetElapsedTime(start) >= most)
                {
                    return false;
                }

                Park(mine.FirstWait, start, limit);
            }
        }

        return true;
    }

    /// <summary>The group that a split makes; the same object for all its members.</summary>
    internal InProcessGroup GroupOf(ulong sequence, CommunicatorInfo info, IReadOnlyList<int> members)
    {
        lock (_gate)
        {
            (ulong, int) key = (sequence, members[0]);
            (InProcessGroup group, int taken) = _groups.TryGetValue(key, out (InProcessGroup, int) found)
                ? found
                : (new InProcessGroup(info, _deadline, _latch, _life, members), 0);
            if (taken + 1 == members.Count)
            {
                _groups.Remove(key);
            }
            else
            {
                _groups[key] = (group, taken + 1);
            }

            return group;
        }
    }

    /// <summary><paramref name="rank"/> starts no more operations. One that it leaves unfinished is a fault.</summary>
    internal void End(int rank)
    {
        lock (_gate)
        {
            Drain(rank);
            _life.End(rank);
            foreach (RankOperation operation in _operations)
            {
                if (operation.Parts[rank] is { Arrived: true, Done: false })
                {
                    Fail(FaultDescription.EndedInside(_info, operation, rank));
                    break;
                }
            }

            Monitor.PulseAll(_gate);
        }
    }

    private RankOperation Operation(ulong sequence) => _operations[sequence % Window];

    /// <summary>Waits until the operation that had this place is complete on all ranks, or another rank has begun the new one in it.</summary>
    private void WaitForPlace(int rank, RankOperation operation, ulong sequence)
    {
        long start = Stopwatch.GetTimestamp();
        while (operation.Sequence != sequence && !operation.IsFree)
        {
            ThrowIfFaulted(rank);
            CheckMissing(operation, rank, operation.FirstAbsent(), start);
            ThrowIfFaulted(rank);
            Park(start, start, null);
        }
    }

    /// <summary>Faults if the rank waited for has ended or the deadline has passed.</summary>
    private void CheckMissing(RankOperation operation, int rank, int missing, long since)
    {
        if (missing == Communicator.NoRank)
        {
            return; // all have come: somebody is moving the bytes
        }

        TimeSpan waited = Stopwatch.GetElapsedTime(since);
        if (_life.HasEnded(missing, waited))
        {
            Fail(FaultDescription.Ended(_info, operation, rank, missing));
        }
        else if (waited >= _deadline)
        {
            Fail(FaultDescription.Late(_info, operation, rank, missing, _deadline));
        }
    }

    /// <summary>Moves pieces until none is left to take; the lock is free meanwhile.</summary>
    /// <returns>Whether there was one.</returns>
    private bool MovePieces(RankOperation operation)
    {
        bool any = false;
        while (operation.TryTakePiece(out int piece))
        {
            any = true;
            Monitor.Exit(_gate);
            try
            {
                RegionCopy.MovePiece(operation, piece);
            }
            finally
            {
                Monitor.Enter(_gate);
            }

            if (operation.FinishPiece())
            {
                Monitor.PulseAll(_gate);
            }
        }

        return any;
    }

    /// <summary>Moves the messages that were waiting for <paramref name="rank"/> only.</summary>
    private void MoveMessages(RankOperation operation, int rank)
    {
        RankPart mine = operation.Parts[rank];
        (int to, int from) = (mine.To, mine.From);
        RankPart? receiver = to != Communicator.NoRank && operation.Parts[to].Arrived ? operation.Parts[to] : null;
        RankPart? sender = from != Communicator.NoRank && from != rank && operation.Parts[from].Arrived ? operation.Parts[from] : null;
        Take(mine, receiver);
        Take(sender, mine);
        Monitor.Exit(_gate);
        try
        {
            Move(mine, receiver);
            Move(sender, mine);
        }
        finally
        {
            Monitor.Enter(_gate);
        }

        Finish(mine, receiver);
        Finish(sender, mine);
    }

    private static void Take(RankPart? sender, RankPart? receiver)
    {
        if (sender is not null && receiver is not null)
        {
            sender.Moving++;
            receiver.Moving++;
        }
    }

    private static void Move(RankPart? sender, RankPart? receiver)
    {
        if (sender is not null && receiver is not null)
        {
            RegionCopy.Copy(sender.Send, receiver.Receive);
        }
    }

    private static void Finish(RankPart? sender, RankPart? receiver)
    {
        if (sender is not null && receiver is not null)
        {
            sender.FinishMessage();
            receiver.FinishMessage();
        }
    }

    private void ThrowIfFaulted(int rank)
    {
        if (_latch.Fault is not null)
        {
            Drain(rank);
            _latch.ThrowIfFaulted();
        }
    }

    /// <summary>Waits until nobody touches <paramref name="rank"/>'s memory: bounded by copies that are under way.</summary>
    private void Drain(int rank)
    {
        while (Array.Exists(_operations, o => o.Touches(rank)))
        {
            Monitor.Wait(_gate, LookAround);
        }
    }

    private void Fail(CommunicatorFault fault)
    {
        _latch.TrySet(fault);
        Monitor.PulseAll(_gate);
    }

    private void Park(long deadlineStart, long limitStart, TimeSpan? limit)
    {
        TimeSpan time = _deadline - Stopwatch.GetElapsedTime(deadlineStart);
        if (limit is { } most && most - Stopwatch.GetElapsedTime(limitStart) is var left && left < time)
        {
            time = left;
        }

        time = time > LookAround ? LookAround : time;
        Monitor.Wait(_gate, Math.Max(1, (int)time.TotalMilliseconds));
    }
}
