using LongContext.Diagnostics;

namespace LongContext.Communication;

/// <summary>What all communicators share: arguments checked, operations numbered, bytes counted, the first fault kept. Derive one a transport.</summary>
/// <remarks>A derived class moves the bytes: <see cref="Begin"/> starts an operation, <see cref="Wait"/> ends it.</remarks>
public abstract class Communicator : ICommunicator, ICommOperationSource
{
    /// <summary>Nobody: for <see cref="SendReceive"/> at the ends of a chain.</summary>
    public const int NoRank = -1;

    private static readonly CommTag SplitTag = new(0, 0, CommPhase.Control, byte.MaxValue);
    private static readonly CommTag AgreeTag = new(0, 0, CommPhase.Check, 0);

    private readonly TrafficCounters _traffic;
    private ulong _next;
    private bool _closed;

    /// <summary>Makes rank <paramref name="rank"/> of the world.</summary>
    /// <param name="rank">This rank.</param>
    /// <param name="info">What it runs on; says how many ranks there are.</param>
    /// <param name="options">The same on all ranks.</param>
    /// <param name="latch">Keeps the first fault.</param>
    protected Communicator(int rank, CommunicatorInfo info, CommunicatorOptions options, FaultLatch latch)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(latch);
        options.Validate();
        RequestGuard.Rank(rank, info.Hosts.Count, "This one");
        (Rank, Size, Info, Options, Latch, _traffic) = (rank, info.Hosts.Count, info, options, latch, new TrafficCounters());
    }

    /// <summary>Makes rank <paramref name="rank"/> of a group split from <paramref name="parent"/>.</summary>
    protected Communicator(Communicator parent, int rank, CommunicatorInfo info)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(info);
        (Rank, Size, Info, Options, Latch, _traffic) = (rank, info.Hosts.Count, info, parent.Options, parent.Latch, parent._traffic);
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public CommunicatorInfo Info { get; }

    /// <inheritdoc/>
    public TimeSpan OperationDeadline => Options.OperationDeadline;

    /// <inheritdoc/>
    public CommunicatorState State =>
        Latch.Fault is not null ? CommunicatorState.Faulted : Volatile.Read(ref _closed) ? CommunicatorState.Closed : CommunicatorState.Open;

    /// <inheritdoc/>
    public CommunicatorFault? Fault => Latch.Fault;

    /// <inheritdoc/>
    public CancellationToken Faulted => Latch.Faulted;

    /// <summary>What it was made with.</summary>
    protected CommunicatorOptions Options { get; }

    /// <summary>Keeps the first fault, for groups too.</summary>
    protected FaultLatch Latch { get; }

    /// <inheritdoc/>
    public CommTraffic Traffic(CommPhase phase) => _traffic.Read(phase);

    /// <inheritdoc/>
    public CommOperation AllGather(CommRegion send, CommRegion receive, CommTag tag)
    {
        CheckPair(send, receive);
        ShapeGuard.SameLength(receive.Count, checked(Size * send.Count), "received elements");
        CheckOwnBlock(send, receive, Rank * send.Count);
        return Start(new CommRequest { Verb = CommVerb.AllGather, Tag = tag, Sequence = _next, Send = send, Receive = receive, To = NoRank, From = NoRank });
    }

    /// <inheritdoc/>
    public CommOperation AllGather(CommRegion send, CommRegion receive, ReadOnlySpan<long> counts, CommTag tag)
    {
        CheckPair(send, receive);
        RequestGuard.Counts(counts, receive, Size, "received");
        ShapeGuard.SameLength(send.Count, counts[Rank], "sent elements");
        long before = 0;
        foreach (long count in counts[..Rank])
        {
            before += count;
        }

        CheckOwnBlock(send, receive, before);
        return Start(new CommRequest
        {
            Verb = CommVerb.AllGather, Tag = tag, Sequence = _next, Send = send, Receive = receive, ReceiveCounts = counts,
            To = NoRank, From = NoRank,
        });
    }

    /// <inheritdoc/>
    public CommOperation AllToAll(CommRegion send, CommRegion receive, CommTag tag)
    {
        CheckPair(send, receive);
        ShapeGuard.SameLength(receive.Count, send.Count, "received elements");
        if (send.Count % Size != 0)
        {
            ShapeGuard.Throw($"{send.Count} elements are not {Size} equal blocks: pass the counts.");
        }

        RequestGuard.Apart(send, receive);
        return Start(new CommRequest { Verb = CommVerb.AllToAll, Tag = tag, Sequence = _next, Send = send, Receive = receive, To = NoRank, From = NoRank });
    }

    /// <inheritdoc/>
    public CommOperation AllToAll(
        CommRegion send, ReadOnlySpan<long> sendCounts, CommRegion receive, ReadOnlySpan<long> receiveCounts, CommTag tag)
    {
        CheckPair(send, receive);
        RequestGuard.Counts(sendCounts, send, Size, "sent");
        RequestGuard.Counts(receiveCounts, receive, Size, "received");
        RequestGuard.Apart(send, receive);
        return Start(new CommRequest
        {
            Verb = CommVerb.AllToAll, Tag = tag, Sequence = _next, Send = send, Receive = receive,
            SendCounts = sendCounts, ReceiveCounts = receiveCounts, To = NoRank, From = NoRank,
        });
    }

    /// <inheritdoc/>
    public CommOperation SendReceive(CommRegion send, int to, CommRegion receive, int from, CommTag tag)
    {
        CheckPair(send, receive);
        CheckEnd(send, to, "The receiver");
        CheckEnd(receive, from, "The sender");
        RequestGuard.Apart(send, receive);
        return Start(new CommRequest { Verb = CommVerb.SendReceive, Tag = tag, Sequence = _next, Send = send, Receive = receive, To = to, From = from });
    }

    /// <inheritdoc/>
    public CommOperation Broadcast(CommRegion region, int root, CommTag tag)
    {
        CheckPair(region, region);
        RequestGuard.Rank(root, Size, "The root");
        return Start(new CommRequest { Verb = CommVerb.Broadcast, Tag = tag, Sequence = _next, Send = region, Receive = region, To = root, From = root });
    }

    /// <inheritdoc/>
    public CommOperation AllReduce(CommRegion region, Reduction reduction, CommTag tag)
    {
        CheckPair(region, region);
        ShapeGuard.Require(region.Kind != ElementKind.Byte, "Bytes are moved, never reduced.");
        if (reduction > Reduction.Max)
        {
            ShapeGuard.Throw($"{reduction} is no reduction.");
        }

        return Start(new CommRequest
        {
            Verb = CommVerb.AllReduce, Tag = tag, Sequence = _next, Send = region, Receive = region, Reduction = reduction, To = NoRank, From = NoRank,
        });
    }

    /// <inheritdoc/>
    public CommOperation Barrier(CommTag tag)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return Start(new CommRequest { Verb = CommVerb.Barrier, Tag = tag, Sequence = _next, To = NoRank, From = NoRank });
    }

    /// <inheritdoc/>
    public void Agree(IReadOnlyList<KeyValuePair<string, string>> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        byte[] bytes = SharedFacts.Encode(facts);
        if (bytes.Length > SharedFacts.MostBytes)
        {
            ShapeGuard.Throw($"The facts take {bytes.Length} bytes; at most {SharedFacts.MostBytes} are compared. Pass hashes of what is long.");
        }

        using CommBuffer length = Allocate(sizeof(long));
        using CommBuffer lengths = Allocate(Size * (long)sizeof(long));
        length.Span<long>()[0] = bytes.Length;
        AllGather(length.Region(ElementKind.Byte), lengths.Region(ElementKind.Byte), AgreeTag).Wait();

        long[] counts = lengths.Span<long>().ToArray();
        using CommBuffer mine = Allocate(bytes.Length);
        using CommBuffer all = Allocate(counts.Sum());
        bytes.CopyTo(mine.Span<byte>());
        CommOperation gather = AllGather(mine.Region(ElementKind.Byte), all.Region(ElementKind.Byte), counts, AgreeTag with { Part = 1 });
        gather.Wait();

        List<Dictionary<string, string>> ranks = [];
        int start = 0;
        foreach (long count in counts)
        {
            ranks.Add(SharedFacts.Decode(all.Span<byte>().Slice(start, (int)count)));
            start += (int)count;
        }

        if (SharedFacts.Difference(ranks, Info) is { } difference)
        {
            Latch.TrySet(new CommunicatorFault(
                FaultKind.ConfigurationMismatch, Rank, difference.Rank, gather.Sequence, AgreeTag, difference.Message));
            Latch.ThrowIfFaulted();
        }
    }

    /// <inheritdoc/>
    public ICommunicator Split(int color, int key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(color);
        using CommBuffer mine = Allocate(2 * sizeof(int));
        using CommBuffer all = Allocate(Size * mine.ByteCount);
        (mine.Span<int>()[0], mine.Span<int>()[1]) = (color, key);
        CommOperation gather = AllGather(mine.Region(ElementKind.Byte), all.Region(ElementKind.Byte), SplitTag);
        gather.Wait();

        int[] values = all.Span<int>().ToArray();
        int[] members = [.. Enumerable.Range(0, Size).Where(r => values[2 * r] == color).OrderBy(r => values[(2 * r) + 1])]; // stable
        CommunicatorInfo info = Info with
        {
            Hosts = [.. members.Select(r => Info.Hosts[r])],
            WorldRanks = [.. members.Select(r => Info.WorldRanks[r])],
        };
        return CreateGroup(info, members, gather.Sequence);
    }

    /// <inheritdoc/>
    public virtual CommBuffer Allocate(long byteCount) => new(byteCount);

    /// <inheritdoc/>
    public abstract bool IsCompleted(ulong sequence);

    /// <inheritdoc/>
    public abstract bool Wait(ulong sequence, TimeSpan? limit);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_closed)
        {
            Volatile.Write(ref _closed, true);
            Close();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Starts an operation whose arguments fit together on this rank. Returns without waiting for other ranks to come.</summary>
    /// <exception cref="CommunicatorException">There is a fault. No transfer touches this rank's memory any more.</exception>
    protected abstract void Begin(in CommRequest request);

    /// <summary>Makes this rank's end of a group.</summary>
    /// <param name="info">The group's.</param>
    /// <param name="members">The group's ranks, as ranks of this communicator; this rank is among them.</param>
    /// <param name="sequence">Number of the split on this communicator: the same on all ranks.</param>
    protected abstract ICommunicator CreateGroup(CommunicatorInfo info, IReadOnlyList<int> members, ulong sequence);

    /// <summary>Tells the other ranks that this one is done; called once.</summary>
    protected abstract void Close();

    private CommOperation Start(in CommRequest request)
    {
        if (request.Tag.Phase > CommPhase.Check)
        {
            ShapeGuard.Throw($"{request.Tag.Phase} is no phase.");
        }

        Begin(request);
        _next++;
        _traffic.Count(request, Rank, Size);
        return new CommOperation(this, request.Sequence);
    }

    private void CheckPair(in CommRegion send, in CommRegion receive)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        RequestGuard.Region(send, Info, "What is sent");
        RequestGuard.Region(receive, Info, "What is received");
        RequestGuard.SameKind(send, receive);
    }

    private void CheckEnd(in CommRegion region, int rank, string what)
    {
        if (rank == NoRank)
        {
            if (region.Count != 0)
            {
                ShapeGuard.Throw($"{what} of {region.Count} elements is nobody: pass an empty region.");
            }
        }
        else
        {
            RequestGuard.Rank(rank, Size, what);
        }
    }

    private static void CheckOwnBlock(in CommRegion send, in CommRegion receive, long start)
    {
        if (send.Count > 0 && send.Address != receive.Slice(start, send.Count).Address)
        {
            RequestGuard.Apart(send, receive);
        }
    }
}
