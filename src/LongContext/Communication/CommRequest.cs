namespace LongContext.Communication;

/// <summary>An operation about to start: its arguments, checked. For implementers of communicators.</summary>
/// <remarks>The counts live as long as the call; who needs them later copies them.</remarks>
public readonly ref struct CommRequest
{
    /// <summary>What to do.</summary>
    public required CommVerb Verb { get; init; }

    /// <summary>What it is for.</summary>
    public required CommTag Tag { get; init; }

    /// <summary>Number of the operation on its communicator, counted from 0.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>What is sent. Broadcast and AllReduce: the one region, here and in <see cref="Receive"/>.</summary>
    public CommRegion Send { get; init; }

    /// <summary>What is received.</summary>
    public CommRegion Receive { get; init; }

    /// <summary>[size] of an unequal AllToAll; else empty.</summary>
    public ReadOnlySpan<long> SendCounts { get; init; }

    /// <summary>[size] of an unequal AllToAll or AllGather; else empty.</summary>
    public ReadOnlySpan<long> ReceiveCounts { get; init; }

    /// <summary>SendReceive: who gets; Broadcast: the root; else <see cref="Communicator.NoRank"/>.</summary>
    public int To { get; init; }

    /// <summary>SendReceive: who sends; Broadcast: the root; else <see cref="Communicator.NoRank"/>.</summary>
    public int From { get; init; }

    /// <summary>AllReduce: how.</summary>
    public Reduction Reduction { get; init; }
}
