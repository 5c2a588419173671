namespace LongContext.Communication;

/// <summary>One rank's end of a group of ranks that work together: a few of MPI's verbs, started here and waited for later.</summary>
/// <remarks>
/// Every rank starts the same operations in the same order, with tags that say what they are for; a rank that does something else makes
/// all ranks fail with both values named. Counts are in elements. One thread of a rank calls. The first fault is final: there is no
/// recovery, every later call throws it. A cancellation token never ends an operation; ranks agree on what to stop.
/// Knows memory only: no tensors' shapes, no models.
/// </remarks>
public interface ICommunicator : IDisposable
{
    /// <summary>This rank, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of ranks.</summary>
    int Size { get; }

    /// <summary>What it runs on.</summary>
    CommunicatorInfo Info { get; }

    /// <summary>How long a rank waits for others: <see cref="CommunicatorOptions.OperationDeadline"/>.</summary>
    TimeSpan OperationDeadline { get; }

    /// <summary>Whether it works.</summary>
    CommunicatorState State { get; }

    /// <summary>The first fault; it never changes once set.</summary>
    CommunicatorFault? Fault { get; }

    /// <summary>Fires once, at the first fault. Callbacks run on another thread than the one that noticed.</summary>
    CancellationToken Faulted { get; }

    /// <summary>What this rank moved for <paramref name="phase"/>, groups split from this communicator included.</summary>
    CommTraffic Traffic(CommPhase phase);

    /// <summary>Every rank's block to every rank, in rank order.</summary>
    /// <param name="send">This rank's block; the same count on all ranks. It may be this rank's own place in <paramref name="receive"/>.</param>
    /// <param name="receive">Size · send.Count elements.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation AllGather(CommRegion send, CommRegion receive, CommTag tag);

    /// <summary>Every rank's block to every rank, in rank order, of unequal lengths.</summary>
    /// <param name="send">This rank's block; counts[Rank] elements.</param>
    /// <param name="receive">As many elements as all counts together.</param>
    /// <param name="counts">[size]; the same on all ranks. Read before the call returns.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation AllGather(CommRegion send, CommRegion receive, ReadOnlySpan<long> counts, CommTag tag);

    /// <summary>Block i of this rank to rank i, for all i: equal blocks, in rank order.</summary>
    /// <param name="send">Size blocks.</param>
    /// <param name="receive">As many elements; must not overlap <paramref name="send"/>.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation AllToAll(CommRegion send, CommRegion receive, CommTag tag);

    /// <summary>Block i of this rank to rank i, for all i: unequal blocks, in rank order.</summary>
    /// <param name="send">As many elements as sendCounts together.</param>
    /// <param name="sendCounts">[size]: what goes to each rank. Read before the call returns.</param>
    /// <param name="receive">As many elements as receiveCounts together; must not overlap <paramref name="send"/>.</param>
    /// <param name="receiveCounts">[size]: what comes from each rank; equals what that rank sends here. Read before the call returns.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation AllToAll(
        CommRegion send, ReadOnlySpan<long> sendCounts, CommRegion receive, ReadOnlySpan<long> receiveCounts, CommTag tag);

    /// <summary>A ring step: sends to one rank and receives from one. Every rank calls, also one that does neither.</summary>
    /// <param name="send">What is sent.</param>
    /// <param name="to">Who gets it, or <see cref="Communicator.NoRank"/>; may be this rank.</param>
    /// <param name="receive">Where to; the sender's count, and must not overlap <paramref name="send"/>.</param>
    /// <param name="from">Who sends, or <see cref="Communicator.NoRank"/>.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation SendReceive(CommRegion send, int to, CommRegion receive, int from, CommTag tag);

    /// <summary>The root's memory to all ranks.</summary>
    /// <param name="region">Sent by <paramref name="root"/>, received by all others; the same count on all ranks.</param>
    /// <param name="root">The same on all ranks.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation Broadcast(CommRegion region, int root, CommTag tag);

    /// <summary>Reduces all ranks' memory element by element, in place; the same bits on every rank.</summary>
    /// <param name="region">Float32 or BFloat16; the same count on all ranks.</param>
    /// <param name="reduction">How.</param>
    /// <param name="tag">What it is for.</param>
    CommOperation AllReduce(CommRegion region, Reduction reduction, CommTag tag);

    /// <summary>Complete once every rank has started it.</summary>
    CommOperation Barrier(CommTag tag);

    /// <summary>Compares what ranks were started with: model, options, version. Every rank calls, and waits for the others.</summary>
    /// <param name="facts">Names and values; differing from the other ranks' in any of them is a fault. At most 64 KiB.</param>
    /// <exception cref="CommunicatorException">On all ranks: a fact differs, or one is absent on some. Names it, two ranks and both values.</exception>
    void Agree(IReadOnlyList<KeyValuePair<string, string>> facts);

    /// <summary>Splits the ranks into groups; every rank calls, and waits for the others. The caller disposes its group.</summary>
    /// <param name="color">Ranks with the same color, 0 or more, make a group.</param>
    /// <param name="key">Orders the ranks of a group; equal keys keep this communicator's order.</param>
    /// <returns>The group with this rank in it. A fault in it is a fault of all.</returns>
    ICommunicator Split(int color, int key);

    /// <summary>Allocates memory that is good for this transport.</summary>
    CommBuffer Allocate(long byteCount);
}
