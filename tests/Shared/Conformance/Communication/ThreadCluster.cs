using LongContext.Communication;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Ranks that are threads of the test's process, whatever they talk over.</summary>
/// <param name="create">Prepares a world; then makes each rank's communicator, on the rank's thread.</param>
/// <param name="maxSize">The most ranks.</param>
internal sealed class ThreadCluster(Func<int, CommunicatorOptions, Func<int, ICommunicator>> create, int maxSize) : CommunicatorCluster
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    internal override int MaxSize => maxSize;

    internal override IReadOnlyList<Exception?> Run(int size, CommunicatorOptions options, Action<ICommunicator> body)
    {
        Func<int, ICommunicator> connect = create(size, options);
        Exception?[] thrown = new Exception?[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() => thrown[rank] = RunRank(connect, rank, body))
        {
            IsBackground = true,
            Name = $"rank {rank}",
        })];
        Array.ForEach(threads, t => t.Start());
        for (int rank = 0; rank < size; rank++)
        {
            if (!threads[rank].Join(Patience))
            {
                throw new TimeoutException($"Rank {rank} of {size} hangs.");
            }
        }

        return thrown;
    }

    private static Exception? RunRank(Func<int, ICommunicator> connect, int rank, Action<ICommunicator> body)
    {
        try
        {
            using ICommunicator communicator = connect(rank);
            body(communicator);
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
