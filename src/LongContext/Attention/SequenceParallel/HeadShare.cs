using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>The heads of one of several ranks that divide them: consecutive query heads, and the key/value heads that these need.</summary>
/// <param name="QStart">First query head.</param>
/// <param name="QCount">Query heads; at least 1.</param>
/// <param name="KVStart">First key/value head.</param>
/// <param name="KVCount">Key/value heads: what the rank is sent.</param>
/// <param name="Group">
/// Query heads to one key/value head of the rank's own attention. Where its query heads are not equal groups, key/value heads are repeated after
/// they have arrived, as often as makes them so.
/// </param>
internal readonly record struct HeadShare(int QStart, int QCount, int KVStart, int KVCount, int Group)
{
    /// <summary>Key/value heads of the rank's own attention.</summary>
    internal int LocalKVHeads => QCount / Group;

    /// <summary>Divides the heads: whole groups while there are enough key/value heads, else query heads.</summary>
    /// <param name="qHeads">Query heads; a multiple of <paramref name="kvHeads"/>.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="parts">Ranks; at most <paramref name="qHeads"/>.</param>
    internal static HeadShare[] Divide(int qHeads, int kvHeads, int parts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, qHeads);
        int group = qHeads / kvHeads;
        HeadShare[] shares = new HeadShare[parts];
        for (int part = 0; part < parts; part++)
        {
            (long start, long count) = parts <= kvHeads ? EvenParts.Of(kvHeads, part, parts) : EvenParts.Of(qHeads, part, parts);
            (start, count) = parts <= kvHeads ? (start * group, count * group) : (start, count);
            shares[part] = Of((int)start, (int)count, group);
        }

        return shares;
    }

    /// <summary>Of the key/value heads that the rank is sent, the one that its own attention's head <paramref name="local"/> is.</summary>
    internal int Source(int local, int qHeadsPerKVHead) => ((QStart + (local * Group)) / qHeadsPerKVHead) - KVStart;

    private static HeadShare Of(int start, int count, int group)
    {
        (int first, int last) = (start / group, (start + count - 1) / group);
        int common = 0;
        for (int head = first; head <= last; head++)
        {
            int queries = Math.Min(start + count, (head + 1) * group) - Math.Max(start, head * group);
            common = CommonDivisor(queries, common);
        }

        return new HeadShare(start, count, first, last - first + 1, common);
    }

    private static int CommonDivisor(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
