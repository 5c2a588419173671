using System.Globalization;

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

    /// <summary>The operation for a message: "AllGather of 4 Float32 elements (RingKeyValue, layer 2, step 3, part 0)".</summary>
    public override string ToString()
    {
        string what = Verb switch
        {
            CommVerb.Barrier => "Barrier",
            CommVerb.SendReceive => $"SendReceive of {Send.Count} elements to {Name(To)} and {Receive.Count} from {Name(From)}, {Send.Kind}",
            CommVerb.Broadcast => $"Broadcast of {Send.Count} {Send.Kind} elements from rank {To}",
            CommVerb.AllReduce => $"AllReduce ({Reduction}) of {Send.Count} {Send.Kind} elements",
            CommVerb.AllGather when !ReceiveCounts.IsEmpty => $"AllGather of {Terms(ReceiveCounts)} {Send.Kind} elements",
            _ => $"{Verb} of {Send.Count} {Send.Kind} elements",
        };
        return $"{what} ({Tag})";
    }

    private static string Name(int rank) => rank == Communicator.NoRank ? "nobody" : $"rank {rank}";

    private static string Terms(ReadOnlySpan<long> counts)
    {
        List<string> terms = [];
        foreach (long count in counts)
        {
            terms.Add(count.ToString(CultureInfo.InvariantCulture));
        }

        return string.Join(" + ", terms);
    }
}
