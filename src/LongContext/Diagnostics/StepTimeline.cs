using System.Diagnostics;

namespace LongContext.Diagnostics;

/// <summary>Records what one rank does and when. Attached to a session for a trace; by default there is none, and recording costs a test for null.</summary>
/// <remarks>
/// Written by the rank's thread, read by any. Recording allocates nothing: there is room for so many spans, then the oldest give way. Computing is
/// recorded as the host sees it: a backend that queues its work seems faster.
/// </remarks>
internal sealed class StepTimeline
{
    /// <summary>Spans kept; 10 MB.</summary>
    internal const int DefaultCapacity = 1 << 18;

    private readonly Lock _gate = new();
    private readonly TimelineSpan[] _spans; // guarded by _gate, as what follows: span n is at n modulo the length
    private long _count;
    private long _dropped;

    /// <param name="rank">Whose.</param>
    /// <param name="capacity">Most spans kept until they are taken.</param>
    internal StepTimeline(int rank, int capacity = DefaultCapacity)
    {
        (Rank, _spans) = (rank, new TimelineSpan[capacity]);
    }

    /// <summary>Whose.</summary>
    internal int Rank { get; }

    /// <summary>Spans that gave way to later ones before they were taken.</summary>
    internal long Dropped
    {
        get
        {
            lock (_gate)
            {
                return _dropped;
            }
        }
    }

    /// <summary>Now, for a span's start.</summary>
    internal static long Now => Stopwatch.GetTimestamp();

    /// <summary>Records what began at <paramref name="start"/> and ends now.</summary>
    internal void Add(string name, TimelineKind kind, uint step, int layer, long start)
    {
        long end = Now;
        lock (_gate)
        {
            _dropped += _count >= _spans.Length ? 1 : 0;
            _spans[_count++ % _spans.Length] = new TimelineSpan(name, kind, step, layer, start, end);
        }
    }

    /// <summary>What was recorded since the last call, in the order recorded.</summary>
    internal IReadOnlyList<TimelineSpan> Take()
    {
        lock (_gate)
        {
            long kept = Math.Min(_count, _spans.Length);
            TimelineSpan[] taken = new TimelineSpan[kept];
            for (long i = 0; i < kept; i++)
            {
                taken[i] = _spans[(_count - kept + i) % _spans.Length];
            }

            _count = 0;
            return taken;
        }
    }
}
