namespace LongContext.Cli.CommandLine;

/// <summary>What ranks are and how they talk to each other.</summary>
internal enum CommunicatorKind
{
    /// <summary>Threads of this process.</summary>
    InProcess,

    /// <summary>Processes that mpirun, mpiexec or srun started.</summary>
    Mpi,

    /// <summary>Processes that were each told their rank in the environment.</summary>
    Tcp,
}
