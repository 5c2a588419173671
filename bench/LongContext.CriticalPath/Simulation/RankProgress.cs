using LongContext.CriticalPath.Recording;

namespace LongContext.CriticalPath.Simulation;

/// <summary>How far one rank has come.</summary>
internal sealed class RankProgress(IReadOnlyList<RankEvent> events)
{
    internal IReadOnlyList<RankEvent> Events => events;

    /// <summary>The event that comes next.</summary>
    internal int Next { get; set; }

    internal double Time { get; set; }

    internal bool IsDone => Next == events.Count;

    /// <summary>[event] what a wait ended with, if it waited.</summary>
    internal LinkMessage?[] WaitedFor { get; } = new LinkMessage?[events.Count];

    internal double Compute { get; set; }

    internal double Waited { get; set; }

    internal long BytesSent { get; set; }
}
