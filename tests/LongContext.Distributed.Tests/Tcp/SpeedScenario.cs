using System.Diagnostics;
using LongContext.Communication;
using LongContext.Distributed.Tests.Ranks;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Messages between two rank processes and back, and what they took: minimum and median.</summary>
internal static class SpeedScenario
{
    private static readonly CommTag Tag = new(0, 0, CommPhase.RingKeyValue, 0);

    internal static int Run(RankRun run)
    {
        using ICommunicator c = run.Connect(new CommunicatorOptions());
        foreach (long bytes in (long[])[1, 4096, 65536, 1 << 20, 4 << 20, 16 << 20])
        {
            using CommBuffer send = c.Allocate(bytes);
            using CommBuffer receive = c.Allocate(bytes);
            int repeats = bytes <= 65536 ? 2000 : (int)(1024L * (1 << 20) / 4 / bytes);
            double[] there = Times(repeats, () => PingPong(c, send.Region(ElementKind.Byte), receive.Region(ElementKind.Byte)));
            double[] both = Times(repeats, () => Exchange(c, send.Region(ElementKind.Byte), receive.Region(ElementKind.Byte)));
            if (c.Rank == 0)
            {
                Console.WriteLine(
                    $"{bytes,9} bytes: one way {there[0] / 2:0.0} / {there[repeats / 2] / 2:0.0} us, {bytes / (there[0] / 2) / 1000:0.00} GB/s; " +
                    $"both ways at once {both[0]:0.0} / {both[repeats / 2]:0.0} us, {bytes / both[0] / 1000:0.00} GB/s each way");
            }
        }

        double[] barriers = Times(2000, () => c.Barrier(Tag).Wait());
        if (c.Rank == 0)
        {
            Console.WriteLine($"barrier {barriers[0]:0.0} / {barriers[1000]:0.0} us");
        }

        return 0;
    }

    private static void PingPong(ICommunicator c, CommRegion send, CommRegion receive)
    {
        CommRegion none = CommRegion.Empty(ElementKind.Byte);
        if (c.Rank == 0)
        {
            c.SendReceive(send, 1, none, Communicator.NoRank, Tag).Wait();
            c.SendReceive(none, Communicator.NoRank, receive, 1, Tag).Wait();
        }
        else
        {
            c.SendReceive(none, Communicator.NoRank, receive, 0, Tag).Wait();
            c.SendReceive(send, 0, none, Communicator.NoRank, Tag).Wait();
        }
    }

    private static void Exchange(ICommunicator c, CommRegion send, CommRegion receive) => c.SendReceive(send, 1 - c.Rank, receive, 1 - c.Rank, Tag).Wait();

    /// <summary>Microseconds, ascending.</summary>
    private static double[] Times(int repeats, Action action)
    {
        for (int i = 0; i < Math.Min(repeats, 200); i++)
        {
            action();
        }

        double[] times = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return times;
    }
}
