using LongContext.Communication;

namespace LongContext.CriticalPath.Recording;

/// <summary>A communicator that records what its rank computes between operations, and lets one rank compute at a time.</summary>
/// <remarks>Comparing and splitting belong to the making of a session and are not recorded.</remarks>
internal sealed class RecordingCommunicator : ICommunicator, ICommOperationSource
{
    private readonly ICommunicator _inner;
    private readonly RankRecorder _recorder;
    private readonly MessagePattern _pattern;
    private readonly Dictionary<ulong, (CommOperation Operation, OperationPart Part)> _started = [];
    private int _splits;

    private RecordingCommunicator(ICommunicator inner, RankRecorder recorder, string group, IReadOnlyList<int> world)
    {
        (_inner, _recorder) = (inner, recorder);
        _pattern = new MessagePattern(group, inner.Rank, world);
    }

    /// <summary>The world of <paramref name="inner"/>, recorded by <paramref name="recorder"/>.</summary>
    internal RecordingCommunicator(ICommunicator inner, RankRecorder recorder)
        : this(inner, recorder, "world", [.. Enumerable.Range(0, inner.Size)])
    {
    }

    public int Rank => _inner.Rank;

    public int Size => _inner.Size;

    public CommunicatorInfo Info => _inner.Info;

    public TimeSpan OperationDeadline => _inner.OperationDeadline;

    public CommunicatorState State => _inner.State;

    public CommunicatorFault? Fault => _inner.Fault;

    public CancellationToken Faulted => _inner.Faulted;

    public CommTraffic Traffic(CommPhase phase) => _inner.Traffic(phase);

    public CommOperation AllGather(CommRegion send, CommRegion receive, CommTag tag)
    {
        long[] counts = [.. Enumerable.Repeat(send.Count, Size)];
        Begin();
        return Started(_inner.AllGather(send, receive, tag), s => _pattern.AllGather(s, send.ElementSize, counts));
    }

    public CommOperation AllGather(CommRegion send, CommRegion receive, ReadOnlySpan<long> counts, CommTag tag)
    {
        long[] kept = counts.ToArray();
        Begin();
        return Started(_inner.AllGather(send, receive, counts, tag), s => _pattern.AllGather(s, send.ElementSize, kept));
    }

    public CommOperation AllToAll(CommRegion send, CommRegion receive, CommTag tag)
    {
        long[] counts = [.. Enumerable.Repeat(send.Count / Size, Size)];
        Begin();
        return Started(_inner.AllToAll(send, receive, tag), s => _pattern.AllToAll(s, send.ElementSize, counts, counts));
    }

    public CommOperation AllToAll(
        CommRegion send, ReadOnlySpan<long> sendCounts, CommRegion receive, ReadOnlySpan<long> receiveCounts, CommTag tag)
    {
        (long[] sends, long[] receives) = (sendCounts.ToArray(), receiveCounts.ToArray());
        Begin();
        return Started(
            _inner.AllToAll(send, sendCounts, receive, receiveCounts, tag), s => _pattern.AllToAll(s, send.ElementSize, sends, receives));
    }

    public CommOperation SendReceive(CommRegion send, int to, CommRegion receive, int from, CommTag tag)
    {
        Begin();
        return Started(_inner.SendReceive(send, to, receive, from, tag), s => _pattern.SendReceive(s, send.ByteCount, to, from));
    }

    public CommOperation Broadcast(CommRegion region, int root, CommTag tag)
    {
        Begin();
        return Started(_inner.Broadcast(region, root, tag), s => _pattern.Broadcast(s, region.ByteCount, root));
    }

    public CommOperation AllReduce(CommRegion region, Reduction reduction, CommTag tag)
    {
        Begin();
        return Started(_inner.AllReduce(region, reduction, tag), s => _pattern.AllReduce(s, region.ByteCount));
    }

    public CommOperation Barrier(CommTag tag)
    {
        Begin();
        return Started(_inner.Barrier(tag), _pattern.Barrier);
    }

    public void Agree(IReadOnlyList<KeyValuePair<string, string>> facts)
    {
        _recorder.LeaveTurn();
        _inner.Agree(facts);
    }

    public ICommunicator Split(int color, int key)
    {
        _recorder.LeaveTurn();
        ICommunicator group = _inner.Split(color, key);
        int[] world = [.. group.Info.WorldRanks];
        return new RecordingCommunicator(group, _recorder, $"{_pattern.Group}/{_splits++}:{world[0]}", world);
    }

    public CommBuffer Allocate(long byteCount) => _inner.Allocate(byteCount);

    public bool IsCompleted(ulong sequence) => !_started.TryGetValue(sequence, out var started) || started.Operation.IsCompleted;

    public bool Wait(ulong sequence, TimeSpan? limit)
    {
        if (!_started.TryGetValue(sequence, out (CommOperation Operation, OperationPart Part) started))
        {
            return true;
        }

        _recorder.EndCompute();
        bool completed = started.Operation.IsCompleted;
        if (!completed)
        {
            _recorder.LeaveTurn();
            completed = limit is not { } most || started.Operation.Wait(most);
            if (limit is null)
            {
                started.Operation.Wait();
            }

            _recorder.TakeTurn();
        }
        else
        {
            started.Operation.Wait();
        }

        if (!completed)
        {
            _recorder.Restart();
            return false;
        }

        _started.Remove(sequence);
        _recorder.Add(RankEvent.Wait(started.Part));
        return true;
    }

    public void Dispose()
    {
        _recorder.LeaveTurn();
        _inner.Dispose();
    }

    private void Begin()
    {
        _recorder.TakeTurn();
        _recorder.EndCompute();
    }

    private CommOperation Started(CommOperation operation, Func<ulong, OperationPart> describe)
    {
        OperationPart part = describe(operation.Sequence);
        _started.Add(operation.Sequence, (operation, part));
        _recorder.Add(RankEvent.Start(part));
        return new CommOperation(this, operation.Sequence);
    }
}
