namespace LongContext.Communication;

/// <summary>What stands behind a <see cref="CommOperation"/>: the communicator that started it. For implementers of communicators.</summary>
public interface ICommOperationSource
{
    /// <summary>Whether operation <paramref name="sequence"/> has completed on this rank.</summary>
    bool IsCompleted(ulong sequence);

    /// <summary>Waits for operation <paramref name="sequence"/>; <see langword="null"/> means up to the deadline.</summary>
    /// <returns>False if <paramref name="limit"/> passed first; the operation goes on.</returns>
    /// <exception cref="CommunicatorException">The communicator faulted, or the deadline passed.</exception>
    bool Wait(ulong sequence, TimeSpan? limit);
}
