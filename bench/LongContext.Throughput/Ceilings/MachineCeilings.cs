using System.Diagnostics;

namespace LongContext.Throughput.Ceilings;

/// <summary>The rates that bound every kernel, measured in C#: multiply-adds from registers and reads from memory.</summary>
/// <remarks>
/// The best of many repeats of a few milliseconds: other work on the machine lowers an average, not a ceiling. All cores' rate is
/// one repeat's work of all threads over the time from the first one's start to the last one's end.
/// </remarks>
internal static class MachineCeilings
{
    internal const string MultiplyAdd = "FP32 multiply-add, GFLOP/s";
    internal const string Int8Dot = "int8 dot product (256-bit VNNI), GOP/s";
    internal const string Read = "memory read (4 streams), GB/s";

    /// <summary>Enough for a few in which nobody else had a core.</summary>
    private const int Repeats = 150;

    /// <summary>Each rate on one thread and on all.</summary>
    internal static IReadOnlyList<Ceiling> Measure(int threads)
    {
        List<Ceiling> ceilings = [];
        foreach (int count in threads == 1 ? [1] : new[] { 1, threads })
        {
            ceilings.Add(new Ceiling(MultiplyAdd, count, BestRate(count, new MultiplyAddLoop())));
            if (Int8DotLoop.IsSupported)
            {
                ceilings.Add(new Ceiling(Int8Dot, count, BestRate(count, new Int8DotLoop())));
            }

            using ReadLoop read = new(count);
            ceilings.Add(new Ceiling(Read, count, BestRate(count, read)));
        }

        return ceilings;
    }

    /// <summary>Billions of units a second, the best of so many repeats.</summary>
    internal static double BestRate(int threads, ICeilingLoop loop, int repeats = Repeats)
    {
        double best = 0;
        long start = 0;
        using Barrier barrier = new(threads);
        Lock gate = new();
        long latest = 0;
        int ready = 0;
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(index => new Thread(() => Work(index)))];
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
        return best / 1e9;

        void Work(int index)
        {
            for (int repeat = -2; repeat < repeats; repeat++)
            {
                barrier.SignalAndWait();
                Interlocked.Increment(ref ready);
                while (Volatile.Read(ref ready) < threads)
                {
                    Thread.SpinWait(10); // a thread just woken starts late
                }

                long mine = Stopwatch.GetTimestamp();
                double units = loop.Run(index);
                long end = Stopwatch.GetTimestamp();
                lock (gate)
                {
                    start = start == 0 ? mine : Math.Min(start, mine);
                    latest = Math.Max(latest, end);
                }

                barrier.SignalAndWait();
                if (index == 0)
                {
                    double rate = units * threads / Stopwatch.GetElapsedTime(start, latest).TotalSeconds;
                    best = repeat >= 0 ? Math.Max(best, rate) : best;
                    (start, latest, ready) = (0, 0, 0);
                }
            }
        }
    }
}
