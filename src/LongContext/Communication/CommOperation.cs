namespace LongContext.Communication;

/// <summary>A started operation. Wait for each exactly once, on the thread that started it; its memory is yours again after that.</summary>
/// <remarks>Operations on one communicator start in the same order on all ranks; they may be waited for in any order.</remarks>
public readonly struct CommOperation
{
    private readonly ICommOperationSource? _source;

    /// <summary>Makes the handle of operation <paramref name="sequence"/> of <paramref name="source"/>.</summary>
    public CommOperation(ICommOperationSource source, ulong sequence)
    {
        ArgumentNullException.ThrowIfNull(source);
        (_source, Sequence) = (source, sequence);
    }

    /// <summary>Number of the operation on its communicator, counted from 0.</summary>
    public ulong Sequence { get; }

    /// <summary>Whether a wait would return at once.</summary>
    public bool IsCompleted => _source is null || _source.IsCompleted(Sequence);

    /// <summary>Waits until it has completed.</summary>
    /// <exception cref="CommunicatorException">
    /// The communicator faulted before it completed, or another rank did not come within <see cref="CommunicatorOptions.OperationDeadline"/>.
    /// </exception>
    public void Wait() => _source?.Wait(Sequence, null);

    /// <summary>Waits at most <paramref name="limit"/>.</summary>
    /// <returns>False: not yet, and the operation goes on.</returns>
    /// <exception cref="CommunicatorException">As for <see cref="Wait()"/>; all waits for an operation share one deadline.</exception>
    public bool Wait(TimeSpan limit) => _source is null || _source.Wait(Sequence, limit);
}
