using System.Diagnostics;
using System.Globalization;
using LongContext.Communication;
using LongContext.Tests.Shared;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>What operations cost: managed memory, and time.</summary>
internal static class CostScenarios
{
    private static readonly CommTag Tag = new(1, 2, CommPhase.RingKeyValue, 0);

    /// <summary>Each rank writes the bytes that all its threads allocate in 100 rounds of all verbs, short and long, once it is warm.</summary>
    internal static int Allocation(RankRun run)
    {
        using ICommunicator communicator = run.Connect(new CommunicatorOptions());
        (int rank, int size) = (communicator.Rank, communicator.Size);
        using CommBuffer first = communicator.Allocate(40_000L * size);
        using CommBuffer second = communicator.Allocate(40_000L * size);
        CommRegion[] sends = [first.Region(ElementKind.Float32).Slice(0, 100 * size), first.Region(ElementKind.Float32)];
        CommRegion[] receives = [second.Region(ElementKind.Float32).Slice(0, 100 * size), second.Region(ElementKind.Float32)];
        long bytes = Allocations.OfTheProcess(Round, warmUp: 100, repeats: 100);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bytes}"));
        return 0;

        void Round()
        {
            for (int i = 0; i < sends.Length; i++)
            {
                long each = sends[i].Count / size;
                communicator.AllGather(sends[i].Slice(0, each), receives[i], Tag).Wait();
                communicator.AllToAll(sends[i], receives[i], Tag).Wait();
                communicator.AllReduce(sends[i], Reduction.Max, Tag).Wait();
                communicator.Broadcast(sends[i], 0, Tag).Wait();
                communicator.SendReceive(sends[i], (rank + 1) % size, receives[i], (rank + size - 1) % size, Tag).Wait();
            }
        }
    }

    /// <summary>Rank 0 writes half a round trip between two ranks, for messages of several lengths: the least of many, and the median.</summary>
    internal static int PingPong(RankRun run)
    {
        using ICommunicator communicator = run.Connect(new CommunicatorOptions());
        using CommBuffer buffer = communicator.Allocate(16 << 20);
        CommRegion none = CommRegion.Empty(ElementKind.Byte);
        foreach (int bytes in (int[])[1, 4096, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20])
        {
            CommRegion message = buffer.Region(ElementKind.Byte).Slice(0, bytes);
            List<double> microseconds = [];
            int rounds = bytes <= 1 << 20 ? 1000 : 100;
            for (int round = 0; round < rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int half = 0; half < 2; half++)
                {
                    bool sends = half == communicator.Rank;
                    communicator.SendReceive(
                        sends ? message : none, sends ? 1 - communicator.Rank : Communicator.NoRank,
                        sends ? none : message, sends ? Communicator.NoRank : 1 - communicator.Rank, Tag).Wait();
                }

                microseconds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / 2);
            }

            if (communicator.Rank == 0)
            {
                microseconds.Sort();
                (double least, double median) = (microseconds[0], microseconds[microseconds.Count / 2]);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{bytes,9} B  {least,9:0.0} / {median,9:0.0} us  {bytes / least / 1e3,6:0.00} / {bytes / median / 1e3,6:0.00} GB/s"));
            }
        }

        return 0;
    }
}
