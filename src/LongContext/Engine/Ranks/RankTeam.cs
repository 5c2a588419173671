using LongContext.Communication;

namespace LongContext.Engine.Ranks;

/// <summary>The ranks after 0 as threads of this process. Each makes its own worker, runs it and disposes it.</summary>
internal sealed class RankTeam : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Thread[] _threads;
    private Exception? _failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="workers">Each rank's worker; owned by the team.</param>
    internal RankTeam(IReadOnlyList<RankWorker> workers)
    {
        _threads = [.. workers.Select((worker, i) => new Thread(() => Run(worker)) { Name = $"LongContext rank {i + 1}", IsBackground = true })];
        Array.ForEach(_threads, t => t.Start());
    }

    /// <summary>What the first rank failed with that failed by itself, once one has; null when none does within a moment.</summary>
    internal Exception? WaitForFailure()
    {
        SpinWait.SpinUntil(() => Volatile.Read(ref _failure) is not null || Array.TrueForAll(_threads, t => !t.IsAlive), Patience);
        return Volatile.Read(ref _failure);
    }

    /// <summary>Waits for the threads; rank 0 must have ended the session or closed its communicator.</summary>
    public void Dispose()
    {
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Run(RankWorker worker)
    {
        using (worker)
        {
            try
            {
                worker.Run();
            }
            catch (CommunicatorException)
            {
                // It is another rank's failure; rank 0 has the fault from the same communicator.
            }
#pragma warning disable CA1031 // rank 0 throws it
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }
        }
    }
}
