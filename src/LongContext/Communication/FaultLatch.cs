using System.Diagnostics.CodeAnalysis;

namespace LongContext.Communication;

/// <summary>Keeps the first fault and tells it once. Shared by a communicator and the groups split from it. For implementers of communicators.</summary>
/// <remarks>Thread-safe.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer and no wait handle: nothing to release, and late readers of the token stay valid.")]
public sealed class FaultLatch
{
    private readonly Action<CommunicatorFault>? _first;
    private readonly CancellationTokenSource _faulted = new();
    private CommunicatorFault? _fault;

    /// <summary>Makes a latch.</summary>
    /// <param name="first">Called once, with the first fault, on the thread that found it and before that thread goes on.</param>
    public FaultLatch(Action<CommunicatorFault>? first = null)
    {
        _first = first;
    }

    /// <summary>The first fault, if there was one.</summary>
    public CommunicatorFault? Fault => Volatile.Read(ref _fault);

    /// <summary>Fires once.</summary>
    public CancellationToken Faulted => _faulted.Token;

    /// <summary>Sets the fault unless there is one.</summary>
    /// <returns>Whether it was the first.</returns>
    public bool TrySet(CommunicatorFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        if (Interlocked.CompareExchange(ref _fault, fault, null) is not null)
        {
            return false;
        }

        _ = _faulted.CancelAsync(); // callbacks run on the pool: whoever noticed may hold a lock
        _first?.Invoke(fault);
        return true;
    }

    /// <summary>Throws the fault if there is one.</summary>
    /// <exception cref="CommunicatorException">There is.</exception>
    public void ThrowIfFaulted()
    {
        if (Fault is { } fault)
        {
            throw new CommunicatorException(fault);
        }
    }
}
