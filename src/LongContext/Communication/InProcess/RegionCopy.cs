namespace LongContext.Communication.InProcess;

/// <summary>Moves the bytes of operations that all ranks agree on.</summary>
internal static class RegionCopy
{
    /// <summary>Moves piece <paramref name="piece"/>: what one rank receives, or one part of a reduction, or everything if there is one piece.</summary>
    internal static void MovePiece(RankOperation operation, int piece)
    {
        RankPart[] parts = operation.Parts;
        if (parts[0].Verb == CommVerb.AllReduce)
        {
            (long start, long length) = EvenParts.Of(parts[0].Send.Count, piece, operation.Pieces);
            Reduce(parts, start, length);
            return;
        }

        (int first, int count) = operation.Pieces == 1 ? (0, parts.Length) : (piece, 1);
        for (int receiver = first; receiver < first + count; receiver++)
        {
            Receive(parts, receiver);
        }
    }

    /// <summary>Copies a region to one of the same length; no copy if they are the same memory.</summary>
    internal static unsafe void Copy(in CommRegion from, in CommRegion to)
    {
        if (from.Address != to.Address)
        {
            Buffer.MemoryCopy((void*)from.Address, (void*)to.Address, to.ByteCount, from.ByteCount);
        }
    }

    private static void Reduce(RankPart[] parts, long start, long length)
    {
        Span<CommRegion> sources = stackalloc CommRegion[parts.Length]; // a thread for each: never many
        Span<CommRegion> targets = stackalloc CommRegion[parts.Length];
        for (int rank = 0; rank < parts.Length; rank++)
        {
            (sources[rank], targets[rank]) = (parts[rank].Send.Slice(start, length), parts[rank].Receive.Slice(start, length));
        }

        RankOrderReduction.Run(sources, targets, parts[0].Reduction);
    }

    private static void Receive(RankPart[] parts, int receiver)
    {
        RankPart mine = parts[receiver];
        if (mine.Verb == CommVerb.Broadcast)
        {
            Copy(parts[mine.From].Send, mine.Receive);
            return;
        }

        for (int sender = 0; sender < parts.Length; sender++)
        {
            CommRegion block = mine.Verb == CommVerb.AllToAll ? parts[sender].BlockTo(receiver) : parts[sender].Send;
            Copy(block, mine.BlockFrom(sender));
        }
    }
}
