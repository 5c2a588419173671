namespace LongContext.Distributed.Mpi;

/// <summary>Binary interface of an MPI library: how handles, constants and statuses look.</summary>
public enum MpiFamily
{
    /// <summary>Open MPI 4 and 5: handles are addresses of exported objects.</summary>
    OpenMpi,

    /// <summary>MPICH, Intel MPI, MVAPICH, Cray: handles are 32-bit integers.</summary>
    Mpich,

    /// <summary>The standard interface of MPI 5.</summary>
    StandardAbi,
}
