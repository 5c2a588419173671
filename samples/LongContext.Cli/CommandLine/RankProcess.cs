using LongContext.Communication;
using LongContext.Distributed.Mpi;
using LongContext.Distributed.Tcp;

namespace LongContext.Cli.CommandLine;

/// <summary>This process among the ranks. All run the same command line: rank 0 has the prompt and prints, the others work for it.</summary>
internal sealed class RankProcess : IDisposable
{
    private readonly EngineOptions _engine;
    private readonly TcpOptions? _tcp;
    private readonly int _rank;
    private ICommunicator? _communicator;

    private RankProcess(EngineOptions engine, int rank, TcpOptions? tcp) => (_engine, _rank, _tcp) = (engine, rank, tcp);

    /// <summary>Whether this rank is not 0; known before it has met the others.</summary>
    internal bool IsWorker => _rank > 0;

    /// <summary>Number of ranks.</summary>
    internal int Size => _communicator?.Size ?? (_engine.RunsOverRanks ? _engine.Hosts ?? 1 : 1);

    /// <summary>Reads what the environment says of this process; meets nobody yet.</summary>
    internal static RankProcess Of(EngineOptions engine)
    {
        TcpOptions? tcp = engine.Communicator == CommunicatorKind.Tcp ? TcpOptions.FromEnvironment() : null;
        MpiEnvironment? mpi = engine.Communicator == CommunicatorKind.Mpi ? MpiEnvironment.Detect() : null;
        int size = tcp?.Size ?? mpi?.Size ?? engine.Hosts ?? 1;
        return engine.Hosts is { } hosts && hosts != size
            ? throw new UsageException($"{Options.Hosts.Name} is {hosts}, but {size} processes were started; leave it out, or start as many.")
            : new RankProcess(engine, tcp?.Rank ?? mpi?.Rank ?? 0, tcp);
    }

    /// <summary>Waits for the other ranks, if they are processes; rank 0 then builds a session.</summary>
    internal InferenceSessionBuilder Join(InferenceSessionBuilder builder)
    {
        _communicator = _engine.Communicator switch
        {
            CommunicatorKind.Mpi => MpiCommunicator.Create(),
            CommunicatorKind.Tcp => TcpCommunicator.Create(_tcp!),
            _ => null,
        };
        return _communicator is null ? builder : builder.UseCommunicator(_communicator);
    }

    /// <summary>Computes for rank 0 until it has ended. Prints nothing.</summary>
    /// <returns>The exit code.</returns>
    internal int Work(InferenceSessionBuilder builder)
    {
        using InferenceWorker worker = Join(builder).BuildWorker();
        worker.Run();
        return ExitCode.Success;
    }

    /// <inheritdoc/>
    public void Dispose() => _communicator?.Dispose();
}
