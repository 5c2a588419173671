using LongContext.Communication;
using LongContext.CriticalPath.Recording;
using NUnit.Framework;

namespace LongContext.Cli.Tests.CriticalPath;

/// <summary>What is recorded of ranks that take turns.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class RecordingCommunicatorTests
{
    private const int Ranks = 3;
    private static readonly CommTag Tag = new(1, 0, CommPhase.PassingBlocks, 0);

    [Test]
    public void Messages_OfEveryVerb_HaveTheBytesThatTheCommunicatorCounts()
    {
        long[] counts = [5, 0, 9];
        (string Name, Func<ICommunicator, CommBuffer, CommBuffer, CommOperation> Start)[] verbs =
        [
            ("gather", (c, a, b) => c.AllGather(Floats(a, 4), Floats(b, 4 * Ranks), Tag)),
            ("gather, unequal", (c, a, b) => c.AllGather(Floats(a, counts[c.Rank]), Floats(b, counts.Sum()), counts, Tag)),
            ("all to all", (c, a, b) => c.AllToAll(Floats(a, 6 * Ranks), Floats(b, 6 * Ranks), Tag)),
            ("all to all, unequal", (c, a, b) => c.AllToAll(
                Floats(a, 3 * counts[c.Rank]), [.. Enumerable.Repeat(counts[c.Rank], Ranks)], Floats(b, counts.Sum()), counts, Tag)),
            ("ring", (c, a, b) => c.SendReceive(Floats(a, 7), (c.Rank + 1) % Ranks, Floats(b, 7), (c.Rank + 2) % Ranks, Tag)),
            ("chain", (c, a, b) => c.SendReceive(
                Floats(a, c.Rank == 2 ? 0 : 7), c.Rank == 2 ? Communicator.NoRank : c.Rank + 1, Floats(b, c.Rank == 0 ? 0 : 7),
                c.Rank == 0 ? Communicator.NoRank : c.Rank - 1, Tag)),
            ("broadcast", (c, a, _) => c.Broadcast(Floats(a, 11), 1, Tag)),
            ("reduce", (c, a, _) => c.AllReduce(Floats(a, 3 * Ranks), Reduction.Sum, Tag)),
            ("barrier", (c, _, _) => c.Barrier(Tag)),
        ];
        foreach ((string name, var start) in verbs)
        {
            CommTraffic[] counted = new CommTraffic[Ranks];
            RankRecorder[] recorders = Run((rank, communicator) =>
            {
                using CommBuffer a = communicator.Allocate(400), b = communicator.Allocate(400);
                start(communicator, a, b).Wait();
                counted[rank] = communicator.Traffic(Tag.Phase);
            });

            OperationPart[] parts = [.. recorders.Select(r => r.Events.Single(e => e.Kind == EventKind.Start).Part!)];
            Assert.That(parts.Select(p => p.Sends.Sum(s => s.Bytes)), Is.EqualTo(counted.Select(c => c.BytesSent)), name);
            Assert.That(parts.Select(p => p.Key).Distinct().Count(), Is.EqualTo(1), name);
            for (int rank = 0; rank < Ranks; rank++)
            {
                int[] senders = [.. Enumerable.Range(0, Ranks).Where(r => parts[r].Sends.Any(s => s.To == rank))];
                Assert.That(parts[rank].Receives, Is.EquivalentTo(senders), $"{name}: what is sent is received");
            }
        }
    }

    [Test]
    public void Ranks_ThatCompute_DoSoAlone_AndWaitingIsNotComputing()
    {
        int computing = 0, most = 0;
        RankRecorder[] recorders = Run((rank, communicator) =>
        {
            communicator.Barrier(Tag).Wait();
            most = Math.Max(most, Interlocked.Increment(ref computing));
            Thread.Sleep(rank == 1 ? 100 : 20);
            Interlocked.Decrement(ref computing);
            communicator.Barrier(Tag).Wait();
        });

        Assert.That(most, Is.EqualTo(1));
        double[] seconds = [.. recorders.Select(r => r.Events.Sum(e => e.Seconds))];
        Assert.That(seconds[1], Is.GreaterThan(0.099));
        Assert.That(seconds[0], Is.GreaterThan(0.019).And.LessThan(0.09), "its wait for rank 1 is not in it");
        Assert.That(recorders[0].Events.Select(e => e.Kind).Where(k => k != EventKind.Compute), Is.EqualTo(new[] { EventKind.Start, EventKind.Wait, EventKind.Start, EventKind.Wait }));
    }

    [Test]
    public void Groups_HaveTheWorldsRanks_AndNamesOfTheirOwn()
    {
        RankRecorder[] recorders = Run((rank, communicator) =>
        {
            using ICommunicator group = communicator.Split(rank == 0 ? 0 : 1, -rank);
            using CommBuffer a = group.Allocate(400), b = group.Allocate(400);
            group.AllGather(Floats(a, 4), Floats(b, 4 * group.Size), Tag).Wait();
        });

        OperationPart[] parts = [.. recorders.Select(r => r.Events.Single(e => e.Kind == EventKind.Start).Part!)];
        Assert.That(parts[0].Sends, Is.Empty);
        Assert.That(parts[1].Sends, Is.EqualTo(new[] { (2, 16L) }));
        Assert.That(parts[2].Sends, Is.EqualTo(new[] { (1, 16L) }));
        Assert.That(parts[1].Key, Is.EqualTo(parts[2].Key));
        Assert.That(parts[0].Key, Is.Not.EqualTo(parts[1].Key));
    }

    private static CommRegion Floats(CommBuffer buffer, long count) => buffer.Region(ElementKind.Float32).Slice(0, count);

    private static RankRecorder[] Run(Action<int, ICommunicator> body)
    {
        using SemaphoreSlim turn = new(1, 1);
        RankRecorder[] recorders = [.. Enumerable.Range(0, Ranks).Select(_ => new RankRecorder(turn, ComputeClock.Wall))];
        IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(Ranks);
        Exception? thrown = null;
        Thread[] threads = [.. Enumerable.Range(0, Ranks).Select(rank => new Thread(() =>
        {
            using RecordingCommunicator communicator = new(ranks[rank], recorders[rank]);
            try
            {
                body(rank, communicator);
            }
            catch (Exception e) when (e is CommunicatorException or ArgumentException)
            {
                thrown = e;
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(thrown, Is.Null);
        return recorders;
    }
}
