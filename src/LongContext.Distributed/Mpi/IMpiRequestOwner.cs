namespace LongContext.Distributed.Mpi;

/// <summary>Hears of requests that it started. Called on the communication thread, while the table of requests is walked over.</summary>
internal interface IMpiRequestOwner
{
    /// <summary>The request in place <paramref name="slot"/> has completed; the place is free already.</summary>
    void Completed(int slot, in MpiCompletion completion);
}
