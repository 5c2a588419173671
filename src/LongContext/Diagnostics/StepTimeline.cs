using System.Diagnostics;

namespace LongContext.Diagnostics;

/// <summary>Records what one rank does and when. Attached to a session for a trace; by default there is none, and recording costs a test for null.</summary>
/// <remarks>Written by the rank's thread, read by any. Computing is recorded as the host sees it: a backend that queues its work seems faster.</remarks>
internal sealed class StepTimeline(int rank)
{
    private readonly Lock _gate = new();
    private readonly List<TimelineSpan> _spans = []; // guarded by _gate

    /// <summary>Whose.</summary>
    internal int Rank { get; } = rank;

    /// <summary>Now, for a span's start.</summary>
    internal static long Now => Stopwatch.GetTimestamp();

    /// <summary>Records what began at <paramref name="start"/> and ends now.</summary>
    internal void Add(string name, TimelineKind kind, uint step, int layer, long start)
    {
        long end = Now;
        lock (_gate)
        {
            _spans.Add(new TimelineSpan(name, kind, step, layer, start, end));
        }
    }

    /// <summary>What was recorded since the last call.</summary>
    internal IReadOnlyList<TimelineSpan> Take()
    {
        lock (_gate)
        {
            TimelineSpan[] taken = [.. _spans];
            _spans.Clear();
            return taken;
        }
    }
}
