namespace LongContext.Communication.InProcess;

/// <summary>Compares what ranks have started as the same operation. Finds the first difference and says both values.</summary>
internal static class Agreement
{
    /// <summary>Compares <paramref name="rank"/>, which has just come, with those that came before it.</summary>
    /// <returns>The rank that differs from it, or <see cref="Communicator.NoRank"/>.</returns>
    internal static int Differing(RankOperation operation, int rank)
    {
        RankPart mine = operation.Parts[rank];
        RankPart first = operation.Parts[operation.First];
        if (!SameHead(mine, first))
        {
            return operation.First;
        }

        return mine.Verb switch
        {
            CommVerb.SendReceive => DifferingPeer(operation, rank),
            CommVerb.AllToAll when operation.Arrived == operation.Parts.Length => DifferingBlocks(operation, rank),
            _ => Communicator.NoRank,
        };
    }

    private static bool SameHead(RankPart mine, RankPart first)
    {
        bool same = mine.Verb == first.Verb && mine.Tag == first.Tag;
        return same && mine.Verb switch
        {
            CommVerb.AllGather => mine.Send.Kind == first.Send.Kind && mine.Receive.Count == first.Receive.Count
                && mine.ReceiveCounts.SequenceEqual(first.ReceiveCounts),
            CommVerb.AllToAll => mine.Send.Kind == first.Send.Kind,
            CommVerb.Broadcast => mine.Send.Kind == first.Send.Kind && mine.Send.Count == first.Send.Count && mine.To == first.To,
            CommVerb.AllReduce => mine.Send.Kind == first.Send.Kind && mine.Send.Count == first.Send.Count && mine.Reduction == first.Reduction,
            _ => true,
        };
    }

    private static int DifferingPeer(RankOperation operation, int rank)
    {
        RankPart mine = operation.Parts[rank];
        for (int other = 0; other < operation.Parts.Length; other++)
        {
            RankPart its = operation.Parts[other];
            if (its.Arrived && !(Fits(mine, rank, its, other) && Fits(its, other, mine, rank)))
            {
                return other;
            }
        }

        return Communicator.NoRank;
    }

    /// <summary>Either nothing goes from sender to receiver and both know it, or both mean the same message.</summary>
    private static bool Fits(RankPart sender, int senderRank, RankPart receiver, int receiverRank)
    {
        bool sends = sender.To == receiverRank;
        bool receives = receiver.From == senderRank;
        return sends == receives && (!sends || (sender.Send.Count == receiver.Receive.Count && sender.Send.Kind == receiver.Receive.Kind));
    }

    private static int DifferingBlocks(RankOperation operation, int last)
    {
        RankPart[] parts = operation.Parts;
        for (int from = 0; from < parts.Length; from++)
        {
            for (int to = 0; to < parts.Length; to++)
            {
                if (parts[from].BlockTo(to).Count != parts[to].BlockFrom(from).Count)
                {
                    return to == last ? from : to;
                }
            }
        }

        return Communicator.NoRank;
    }
}
