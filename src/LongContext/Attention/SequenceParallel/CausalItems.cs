using LongContext.Backends;
using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Items for rows against keys whose positions have gaps, because other ranks hold what lies between: who sees whom by position.</summary>
/// <remarks>
/// A row at position p sees keys at positions up to p and, under a window, above p − window. As p grows by one, the first and the
/// last key that a row sees each stay or move on by one key; rows are cut where that changes, so that every row is in exactly one item.
/// </remarks>
internal static class CausalItems
{
    /// <summary>Adds the items of rows at consecutive positions.</summary>
    /// <param name="batch">Gets them.</param>
    /// <param name="sequence">Index in the batch of the sequence that the keys are cached tokens of.</param>
    /// <param name="queryStart">Row of the first position.</param>
    /// <param name="rows">Positions of the rows.</param>
    /// <param name="keys">Positions of the keys, ascending.</param>
    /// <param name="firstKey">Cached token that is the first key.</param>
    /// <param name="window">0 for none.</param>
    /// <returns>Whether any row sees any key.</returns>
    internal static bool Add(
        AttentionBatch batch, int sequence, int queryStart, in TokenRun rows, ReadOnlySpan<TokenRun> keys, int firstKey, int window)
    {
        bool any = false;
        int first = queryStart - (int)rows.Start; // row of position 0, were there one
        for (long p = rows.Start; p < rows.End;)
        {
            Edge upper = At(keys, p);
            Edge lower = window == 0 ? new Edge(0, long.MaxValue / 2, Moves: false) : At(keys, p - window);
            int seen = upper.Keys - lower.Keys;
            long end = Math.Min(rows.End, Math.Min(upper.Last, lower.Last + window) + 1);
            int count = (int)(end - p);
            bool empty = seen == 0 && !upper.Moves;
            if (lower.Moves && !upper.Moves)
            {
                count = Math.Min(count, Math.Max(seen, 1)); // until the window has left the keys behind
            }
            else if (lower.Moves && upper.Moves && seen != window)
            {
                count = 1; // two edges move apart from each other by another distance than the window: no item says that
            }

            (AttentionMask mask, int keyCount, int rowKey) = upper.Moves && count > 1
                ? (AttentionMask.Causal, seen + count - 1, upper.Keys - 1)
                : (AttentionMask.Full, seen, lower.Moves ? lower.Keys + window - 1 : lower.Keys - count + 1);
            int keyStart = firstKey + lower.Keys;
            batch.AddItem(new AttentionItem(sequence, first + (int)p, count, keyStart, empty ? 0 : keyCount, mask, firstKey + rowKey));
            any |= keyCount > 0 && !empty;
            p += count;
        }

        return any;
    }

    /// <summary>Of ascending runs, what comes before <paramref name="position"/>; into <paramref name="result"/>.</summary>
    internal static void Before(ReadOnlySpan<TokenRun> runs, long position, List<TokenRun> result)
    {
        result.Clear();
        foreach (ref readonly TokenRun run in runs)
        {
            if (run.Start < position)
            {
                result.Add(run with { Count = Math.Min(run.End, position) - run.Start });
            }
        }
    }

    private static Edge At(ReadOnlySpan<TokenRun> keys, long position)
    {
        long count = 0;
        foreach (ref readonly TokenRun run in keys)
        {
            if (run.Count == 0)
            {
                continue;
            }

            if (position + 1 < run.Start)
            {
                return new Edge((int)count, run.Start - 1, Moves: false);
            }

            if (position + 1 < run.End)
            {
                return new Edge((int)(count + position + 1 - run.Start), run.End - 1, Moves: true);
            }

            count += run.Count;
        }

        return new Edge((int)count, long.MaxValue / 2, Moves: false);
    }

    /// <param name="Keys">Keys at positions up to the one asked for.</param>
    /// <param name="Last">Up to this position, each further one adds one key, or none.</param>
    /// <param name="Moves">Which of them.</param>
    private readonly record struct Edge(int Keys, long Last, bool Moves);
}
