using LongContext.Communication.InProcess;

namespace LongContext.Communication;

/// <summary>Ranks that are threads of one process. Whoever comes last moves the bytes; ranks that already wait help.</summary>
/// <remarks>
/// Each rank's communicator is used by one thread at a time. A thread that ends without disposing its communicator is noticed by
/// ranks that wait for it. Comparing what ranks start costs nothing here and is always on.
/// </remarks>
public sealed class InProcessCommunicator : Communicator
{
    private readonly InProcessGroup _group;

    private InProcessCommunicator(int rank, CommunicatorInfo info, CommunicatorOptions options, FaultLatch latch, InProcessGroup group)
        : base(rank, info, options, latch)
    {
        _group = group;
    }

    private InProcessCommunicator(InProcessCommunicator parent, int rank, CommunicatorInfo info, InProcessGroup group)
        : base(parent, rank, info)
    {
        _group = group;
    }

    /// <summary>Makes <paramref name="size"/> ranks; give one to each thread, and let that thread dispose it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no rank, or more than 1,024.</exception>
    /// <exception cref="ConfigurationException">The options make no sense.</exception>
    public static IReadOnlyList<ICommunicator> Create(int size, CommunicatorOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1024);
        options ??= CommunicatorOptions.Default;
        CommunicatorInfo info = new(
            "in-process", "", [.. Enumerable.Repeat(Environment.MachineName, size)], [.. Enumerable.Range(0, size)], [MemoryPlace.Host]);
        FaultLatch latch = new();
        InProcessGroup group = new(info, options.OperationDeadline, latch, null, []);
        return [.. Enumerable.Range(0, size).Select(r => new InProcessCommunicator(r, info, options, latch, group))];
    }

    /// <inheritdoc/>
    public override bool IsCompleted(ulong sequence) => _group.IsCompleted(Rank, sequence);

    /// <inheritdoc/>
    public override bool Wait(ulong sequence, TimeSpan? limit) => _group.Wait(Rank, sequence, limit);

    /// <inheritdoc/>
    protected override void Begin(in CommRequest request) => _group.Begin(Rank, request);

    /// <inheritdoc/>
    protected override ICommunicator CreateGroup(CommunicatorInfo info, IReadOnlyList<int> members, ulong sequence)
    {
        InProcessGroup group = _group.GroupOf(sequence, info, members);
        return new InProcessCommunicator(this, members.ToList().IndexOf(Rank), info, group);
    }

    /// <inheritdoc/>
    protected override void Close() => _group.End(Rank);
}
