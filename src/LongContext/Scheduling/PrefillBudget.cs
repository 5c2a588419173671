namespace LongContext.Scheduling;

/// <summary>Divides a step's prefill tokens: half belongs to the oldest prompt, the rest to the shortest ones.</summary>
/// <remarks>
/// So a short prompt does not wait for a long one to be read, and a long one is never slowed down to less than half, however many short
/// ones arrive: whatever is oldest ends at the latest after twice its own work.
/// </remarks>
internal static class PrefillBudget
{
    /// <summary>Sets every sequence's <see cref="Sequence.Allotment"/>.</summary>
    /// <param name="sequences">Sequences of the step, oldest first.</param>
    /// <param name="limits">The step's size.</param>
    internal static void Divide(ReadOnlySpan<Sequence> sequences, SchedulerLimits limits)
    {
        Sequence? oldest = null;
        int prefills = 0;
        foreach (Sequence sequence in sequences)
        {
            bool decodes = sequence.PendingTokens == 1;
            sequence.Allotment = decodes ? 1 : 0;
            oldest ??= decodes ? null : sequence;
            prefills += decodes ? 0 : 1;
        }

        if (oldest is null)
        {
            return;
        }

        int rows = limits.ChunkSize;
        int outputs = limits.MaxOutputs - sequences.Length + 1; // one row is kept for each other sequence
        Give(oldest, prefills == 1 ? rows : (rows + 1) / 2, ref rows, ref outputs);
        while (rows > 0 && Shortest(sequences) is { } shortest)
        {
            Give(shortest, rows, ref rows, ref outputs);
            if (shortest.Allotment == 0)
            {
                break; // no rows with logits are left for it
            }
        }

        Give(oldest, rows, ref rows, ref outputs);
    }

    private static void Give(Sequence sequence, int most, ref int rows, ref int outputs)
    {
        int count = Math.Min(most, sequence.PendingTokens - sequence.Allotment);
        if (sequence.Logits == LogitPositions.All)
        {
            int silent = Math.Max(0, sequence.DeliveredLogits - sequence.ComputedTokens - sequence.Allotment); // rows without logits
            count = Math.Min(count, silent + outputs);
            outputs -= Math.Max(0, count - silent);
        }

        sequence.Allotment += count;
        rows -= count;
    }

    private static Sequence? Shortest(ReadOnlySpan<Sequence> sequences)
    {
        Sequence? shortest = null;
        foreach (Sequence sequence in sequences)
        {
            if (sequence.Allotment == 0 && (shortest is null || sequence.PendingTokens < shortest.PendingTokens))
            {
                shortest = sequence;
            }
        }

        return shortest;
    }
}
