namespace LongContext.Distributed.Mpi;

/// <summary>Something a rank's thread hands to the communication thread.</summary>
internal interface IMpiWork
{
    /// <summary>Does it, on the communication thread.</summary>
    void Execute();
}
