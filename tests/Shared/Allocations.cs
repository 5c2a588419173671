namespace LongContext.Tests.Shared;

/// <summary>What is allocated in managed memory, for tests that nothing is: the median of three passes, each of as many runs of a step.</summary>
/// <remarks>
/// <para>The number of runs is always the same: ranks that exchange messages in a step stay together.</para>
/// <para>What a step allocates, it allocates in more than one pass; the rest is the runtime's. The counter of a thread counts pieces of 8 KB less what is left of the last:
/// a collection in the background, whoever's memory it is for, may take the rest of the piece away, and up to 8 KB count as allocated that never were; a thread
/// that allocates nothing loses one piece at most and gets no other, so one pass may count it, not two. Of a process, the runtime's own threads allocate now and then.</para>
/// </remarks>
internal static class Allocations
{
    private const int Passes = 3;

    /// <summary>Bytes that <paramref name="repeats"/> runs of a step allocate on this thread, after <paramref name="warmUp"/> others.</summary>
    internal static long OfThisThread(Action step, int warmUp, int repeats) => Median(GC.GetAllocatedBytesForCurrentThread, step, warmUp, repeats);

    /// <summary>The same on all threads.</summary>
    internal static long OfTheProcess(Action step, int warmUp, int repeats) => Median(() => GC.GetTotalAllocatedBytes(precise: true), step, warmUp, repeats);

    private static long Median(Func<long> counter, Action step, int warmUp, int repeats)
    {
        Repeat(step, warmUp);
        Span<long> bytes = stackalloc long[Passes];
        for (int pass = 0; pass < Passes; pass++)
        {
            long before = counter();
            Repeat(step, repeats);
            bytes[pass] = counter() - before;
        }

        bytes.Sort();
        return bytes[Passes / 2];
    }

    private static void Repeat(Action step, int times)
    {
        for (int i = 0; i < times; i++)
        {
            step();
        }
    }
}
