using System.Diagnostics;

namespace LongContext.Distributed.Mpi;

/// <summary>What a thread does that looks for messages and finds none: first it stays awake, then it makes room for others.</summary>
internal sealed class MpiIdling
{
    private static readonly TimeSpan Spinning = TimeSpan.FromMilliseconds(0.03);
    private static readonly TimeSpan Yielding = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Pausing = TimeSpan.FromMilliseconds(50);
    private long _since = Stopwatch.GetTimestamp();

    /// <summary>Something happened.</summary>
    internal void Reset() => _since = Stopwatch.GetTimestamp();

    /// <summary>Passes a moment.</summary>
    /// <returns>False if it was idle for so long that it may as well sleep.</returns>
    internal bool Pause(bool hasCoresToSpare, bool isBusy)
    {
        TimeSpan idle = Stopwatch.GetElapsedTime(_since);
        if (idle < Spinning)
        {
            Thread.SpinWait(20);
        }
        else if (idle < Yielding && hasCoresToSpare)
        {
            Thread.Yield(); // where ranks share cores, a yield would cost the slices of all that run there
        }
        else if (isBusy && idle < Pausing)
        {
            NativeProcess.Pause(50);
        }
        else
        {
            return false;
        }

        return true;
    }
}
