using LongContext.Communication;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>A session over ranks as processes would have it: rank 0 builds a session, every other rank a worker, each with its communicator.</summary>
internal sealed class RankedRig : IAsyncDisposable
{
    private readonly Thread[] _threads;
    private readonly InferenceWorker?[] _workers;

    /// <param name="size">Ranks.</param>
    /// <param name="configure">Every rank's builder, without communicator.</param>
    /// <param name="options">Of the communicators.</param>
    internal RankedRig(int size, Func<int, InferenceSessionBuilder> configure, CommunicatorOptions? options = null)
    {
        Communicators = InProcessCommunicator.Create(size, options);
        Thrown = new Exception?[size];
        _workers = new InferenceWorker?[size];
        _threads = [.. Enumerable.Range(1, size - 1).Select(rank => new Thread(() => Thrown[rank] = Run(rank, configure)) { IsBackground = true })];
        Array.ForEach(_threads, t => t.Start());
        try
        {
            Session = configure(0).UseCommunicator(Communicators[0]).Build();
        }
        catch (Exception e)
        {
            Thrown[0] = e;
            Join();
        }
    }

    internal IReadOnlyList<ICommunicator> Communicators { get; }

    /// <summary>What each rank threw: rank 0 when building, the others when building or running.</summary>
    internal Exception?[] Thrown { get; }

    /// <summary>Rank 0's.</summary>
    internal InferenceSession Session { get; } = null!;

    /// <summary>Tokens cached on a rank other than 0.</summary>
    internal long CachedTokens(int rank) => _workers[rank]!.CachedTokens;

    internal long Sent(CommPhase phase) => Communicators.Sum(c => c.Traffic(phase).BytesSent);

    internal long Received(CommPhase phase) => Communicators.Sum(c => c.Traffic(phase).BytesReceived);

    /// <summary>Waits for the workers; false if one hangs.</summary>
    internal bool Join() => Array.TrueForAll(_threads, t => t.Join(TimeSpan.FromSeconds(20)));

    public async ValueTask DisposeAsync()
    {
        if (Session is not null)
        {
            await Session.DisposeAsync();
        }

        if (!Join())
        {
            throw new TimeoutException("A worker hangs.");
        }
    }

    private Exception? Run(int rank, Func<int, InferenceSessionBuilder> configure)
    {
        try
        {
            using InferenceWorker worker = configure(rank).UseCommunicator(Communicators[rank]).BuildWorker();
            _workers[rank] = worker;
            worker.Run();
            return null;
        }
#pragma warning disable CA1031 // whatever a rank throws is the outcome to look at
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e;
        }
    }
}
