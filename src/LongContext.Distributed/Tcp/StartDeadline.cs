using System.Diagnostics;

namespace LongContext.Distributed.Tcp;

/// <summary>How much of the start's time is left.</summary>
internal readonly struct StartDeadline(TimeSpan all)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    internal TimeSpan All => all;

    /// <summary>Never below zero.</summary>
    internal TimeSpan Left => all - Stopwatch.GetElapsedTime(_start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    internal bool HasPassed => Left == TimeSpan.Zero;
}
