namespace LongContext.Tests.Shared;

/// <summary>What a thread allocates in managed memory, for tests that it allocates nothing.</summary>
/// <remarks>
/// The counter of a thread counts pieces of 8 KB less what is left of the last. A collection in the background, whoever's memory it is for,
/// may take the rest of the piece away, and up to 8 KB count as allocated that never were. A thread that allocates nothing loses one piece at
/// most and gets no other; what does allocate, allocates in every pass.
/// </remarks>
internal static class ThreadAllocations
{
    private const int Passes = 3;

    /// <summary>Bytes that <paramref name="repeats"/> runs of a step allocate on this thread, after <paramref name="warmUp"/> others: the least of three passes.</summary>
    /// <remarks>The number of runs is always the same: ranks that exchange messages in a step stay together.</remarks>
    internal static long Of(Action step, int warmUp, int repeats)
    {
        Repeat(step, warmUp);
        long least = long.MaxValue;
        for (int pass = 0; pass < Passes; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(step, repeats);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void Repeat(Action step, int times)
    {
        for (int i = 0; i < times; i++)
        {
            step();
        }
    }
}
