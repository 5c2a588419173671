using System.Diagnostics;
using LongContext.Communication;

namespace LongContext.Distributed.Mpi;

/// <summary>The rank's thread waits here; it alone watches the deadline, so that a call into MPI that never returns is noticed too.</summary>
internal sealed partial class MpiWorld
{
    private static readonly TimeSpan LookAround = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan YieldTime = TimeSpan.FromMilliseconds(0.5);

    private readonly object _gate = new();

    /// <summary>Waits for an operation that this rank started; false if <paramref name="limit"/> passes first.</summary>
    internal bool Wait(MpiOperation operation, ulong sequence, TimeSpan? limit)
    {
        long start = Stopwatch.GetTimestamp();
        for (SpinWait spin = default; !IsCompleted(operation, sequence);)
        {
            ThrowIfFaulted();
            TimeSpan waited = Stopwatch.GetElapsedTime(start);
            if (limit is { } most && waited >= most)
            {
                return false;
            }

            operation.FirstWait = operation.FirstWait == 0 ? start : operation.FirstWait;
            CheckLate(operation, sequence);
            if (Process.HasCoresToSpare && waited < YieldTime)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
            else
            {
                Park(operation, sequence, limit is { } end ? end - waited : LookAround);
            }
        }

        return true;
    }

    /// <summary>Waits until the place of an operation can be taken by another one.</summary>
    internal void AwaitPlace(MpiOperation place)
    {
        if (!place.IsFree)
        {
            Wait(place, place.Sequence, null);
        }
    }

    /// <summary>Whether operation <paramref name="sequence"/>, once in <paramref name="operation"/>'s place, is complete.</summary>
    internal static bool IsCompleted(MpiOperation operation, ulong sequence) => operation.Sequence != sequence || operation.IsDone;

    /// <summary>Throws the fault if there is one, once this rank's memory is its own again.</summary>
    internal void ThrowIfFaulted()
    {
        if (Latch.Fault is not null)
        {
            AwaitQuiet();
            Latch.ThrowIfFaulted();
        }
    }

    private void CheckLate(MpiOperation operation, ulong sequence)
    {
        TimeSpan waited = Stopwatch.GetElapsedTime(operation.FirstWait);
        if (waited >= Options.OperationDeadline)
        {
            int suspect = Suspect(operation);
            if (!IsCompleted(operation, sequence))
            {
                FailLate(operation, suspect);
            }
        }
        else if (waited >= Options.OperationDeadline / 2 && !operation.IsAsked)
        {
            operation.IsAsked = true;
            AskAll();
        }
        else if (waited >= Options.SlowRankWarning && !operation.IsWarned)
        {
            operation.IsWarned = true;
            WarnLate(operation);
        }
    }

    private void Park(MpiOperation operation, ulong sequence, TimeSpan most)
    {
        TimeSpan time = most < LookAround ? most : LookAround;
        Interlocked.Increment(ref _waiting);
        lock (_gate)
        {
            if (!IsCompleted(operation, sequence) && Latch.Fault is null)
            {
                Monitor.Wait(_gate, Math.Max(1, (int)time.TotalMilliseconds));
            }
        }

        Interlocked.Decrement(ref _waiting);
    }

    private void PulseWaiters()
    {
        Interlocked.MemoryBarrier(); // what waiters wait for is written before their number is read
        if (Volatile.Read(ref _waiting) > 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }
}
