namespace LongContext.Distributed.Mpi;

/// <summary>What started this process as one of several ranks.</summary>
public enum MpiLauncher
{
    /// <summary>Nothing did: a process of its own.</summary>
    None,

    /// <summary>Open MPI's mpirun.</summary>
    OpenMpi,

    /// <summary>A launcher that speaks PMI: MPICH, Intel MPI, MVAPICH, Cray.</summary>
    Pmi,

    /// <summary>Slurm's srun.</summary>
    Slurm,
}
