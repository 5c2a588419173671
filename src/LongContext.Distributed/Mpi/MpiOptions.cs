using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>What an MPI communicator is made with; the same on all ranks.</summary>
public sealed record MpiOptions
{
    /// <summary>The defaults.</summary>
    public static MpiOptions Default { get; } = new();

    /// <summary>
    /// File name or path of the MPI library; must be the one of the launcher. Default: what <see cref="MpiLibrary.NameVariable"/> says,
    /// else what fits the launcher.
    /// </summary>
    public string? Library { get; init; }

    /// <summary>Deadlines, and what to do at a fault.</summary>
    public CommunicatorOptions Communicator { get; init; } = CommunicatorOptions.Default;
}
