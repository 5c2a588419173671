namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What starts the processes of a job.</summary>
internal enum RankLauncher
{
    /// <summary>The test itself: as many plain processes as there are ranks.</summary>
    Processes,

    /// <summary>Open MPI's mpirun.</summary>
    OpenMpi,

    /// <summary>MPICH's mpirun.</summary>
    Mpich,
}
