using LongContext.CriticalPath.Recording;
using LongContext.CriticalPath.Simulation;
using LongContext.Planning;
using NUnit.Framework;

namespace LongContext.Cli.Tests.CriticalPath;

/// <summary>The replay over a modelled link: cases counted by hand, then laws for any program.</summary>
[TestFixture]
internal sealed class LinkSimulationTests
{
    private static readonly LinkProfile Link = new(LatencySeconds: 0.5, BytesPerSecond: 10);

    [Test]
    public void Message_ThatIsWaitedFor_AddsItsTransferToTheSendersTime()
    {
        // Rank 1 computes until 3; the last byte leaves at 4 and is there at 4.5; rank 0 computes 2 more.
        PathReport path = LinkSimulation.Run([[Compute(1), Receive(0, 1), Wait(0, 1), Compute(2)], [Compute(3), Send(0, 0, 10), WaitSent(0, 0, 10)]], Link);

        Assert.That(path.Seconds, Is.EqualTo(6.5));
        Assert.That((path.PathCompute, path.PathTransfer), Is.EqualTo((5.0, 1.5)));
        Assert.That(path.Compute, Is.EqualTo(new[] { 3.0, 3.0 }));
        Assert.That(path.Waited, Is.EqualTo(new[] { 3.5, 1.0 }));
        Assert.That(path.BytesSent, Is.EqualTo(new[] { 0L, 10L }));
        Assert.That(path.Imbalance, Is.Zero);
    }

    [Test]
    public void Message_UnderComputing_CostsNothing()
    {
        PathReport path = LinkSimulation.Run([[Receive(0, 1), Compute(5), Wait(0, 1), Compute(1)], [Compute(3), Send(0, 0, 10)]], Link);

        Assert.That(path.Seconds, Is.EqualTo(6));
        Assert.That((path.PathCompute, path.PathTransfer), Is.EqualTo((6.0, 0.0)));
        Assert.That(path.Waited[0], Is.Zero);
    }

    [Test]
    public void Message_ToARankThatIsNotReady_Waits()
    {
        // Rank 1 sends at 0; rank 0 takes it from 2 on: until 3.5.
        PathReport path = LinkSimulation.Run([[Compute(2), Receive(0, 1), Wait(0, 1)], [Send(0, 0, 10)]], Link);

        Assert.That(path.Seconds, Is.EqualTo(3.5));
        Assert.That((path.PathCompute, path.PathTransfer), Is.EqualTo((2.0, 1.5)));
    }

    [Test]
    public void Messages_OfOneSender_LeaveOneAfterTheOther()
    {
        // To rank 2 first, which is next to rank 1: 0 to 1; then to rank 0: 1 to 2, there at 2.5.
        OperationPart sends = new(Key(0), [(2, 10), (0, 10)], []);
        PathReport path = LinkSimulation.Run([[Receive(0, 1), Wait(0, 1)], [RankEvent.Start(sends)], [Receive(0, 1), Wait(0, 1)]], Link);

        Assert.That(path.Seconds, Is.EqualTo(2.5));
        Assert.That((path.PathCompute, path.PathTransfer), Is.EqualTo((0.0, 2.5)));
        Assert.That(path.Waited, Is.EqualTo(new[] { 2.5, 0, 1.5 }));
    }

    [Test]
    public void Messages_ToOneReceiver_ArriveOneAfterTheOther()
    {
        // Rank 2's is ready at 1 and goes first, until 3; rank 1's is ready at 2, goes from 3 to 4, is there at 4.5.
        OperationPart receives = new(Key(0), [], [1, 2]);
        PathReport path = LinkSimulation.Run(
            [[RankEvent.Start(receives), RankEvent.Wait(receives)], [Compute(2), Send(0, 0, 10)], [Compute(1), Send(0, 0, 20)]], Link);

        Assert.That(path.Seconds, Is.EqualTo(4.5));
        Assert.That((path.PathCompute, path.PathTransfer), Is.EqualTo((1.0, 3.5)), "rank 2's second of computing, then the link until the end");
    }

    [Test]
    public void Path_GoesThroughARankThatRankZeroDoesNotTalkTo()
    {
        // 2 → 1 → 0: 4, + 1.5, + 1, + 1.5, + 3.
        PathReport path = LinkSimulation.Run(
            [
                [Compute(1), Receive(1, 1), Wait(1, 1), Compute(3)],
                [Compute(2), Receive(0, 2), Wait(0, 2), Compute(1), Send(1, 0, 10)],
                [Compute(4), Send(0, 1, 10)],
            ], Link);

        Assert.That(path.Seconds, Is.EqualTo(11));
        Assert.That((path.PathCompute, path.PathTransfer), Is.EqualTo((8.0, 3.0)));
        Assert.That(path.Imbalance, Is.EqualTo(4 / (11.0 / 3) - 1).Within(1e-12));
    }

    [Test]
    public void Ring_OfFourRanks_TakesItsTurnsAfterEachOther()
    {
        // Each turn: 2 s of computing over 1.5 s of transfer; the last turn transfers nothing. Slower by a half on every turn when bytes take 2.5 s.
        Assert.That(Ring(10).Seconds, Is.EqualTo(8));
        Assert.That(Ring(10).TransferShare, Is.Zero);
        Assert.That(Ring(20).Seconds, Is.EqualTo((3 * 2.5) + 2));
        Assert.That(Ring(20).PathTransfer, Is.EqualTo(7.5));
        Assert.That(Ring(20).BytesSent, Is.All.EqualTo(60));
    }

    [Test]
    public void Exchange_AmongAll_TakesTheOthersBytes_WhereNobodyIsLate()
    {
        // Three disjoint rounds of 1 s and a latency.
        OperationPart Part(int rank) => new MessagePattern("world", rank, [0, 1, 2, 3]).AllGather(0, 1, [10, 10, 10, 10]);
        PathReport path = LinkSimulation.Run([.. Enumerable.Range(0, 4).Select(r => (RankEvent[])[RankEvent.Start(Part(r)), RankEvent.Wait(Part(r))])], Link);

        Assert.That(path.Seconds, Is.EqualTo(3.5).Within(1e-12));
    }

    [Test]
    public void Recordings_ThatDoNotBelongTogether_AreRefused() => Assert.That(
        () => LinkSimulation.Run([[Receive(0, 1), Wait(0, 1)], [Compute(1)]], Link), Throws.InvalidOperationException.With.Message.Contains("event 1 of 2"));

    [Test]
    public void Path_OfAnyProgram_IsAsLongAsItsPartsAndNoShorterThanAnyRanksOwnWork()
    {
        Random random = new(20_251);
        for (int run = 0; run < 200; run++)
        {
            int ranks = random.Next(2, 6);
            (RankEvent[][] program, double[] longest) = Synchronous(random, ranks, operations: random.Next(1, 20), overlap: true);
            PathReport path = LinkSimulation.Run(program, new LinkProfile(random.NextDouble(), 1 + (100 * random.NextDouble())));

            Assert.That(path.PathCompute + path.PathTransfer, Is.EqualTo(path.Seconds).Within(1e-9 * path.Seconds));
            Assert.That(path.Seconds, Is.GreaterThanOrEqualTo(path.Compute.Max() * (1 - 1e-12)), "the last event is a barrier");
            Assert.That(path.Compute[0] + path.Waited[0], Is.EqualTo(path.Seconds).Within(1e-9 * path.Seconds));
            Assert.That(path.PathCompute, Is.LessThanOrEqualTo(longest.Sum() * (1 + 1e-12)));
        }
    }

    [Test]
    public void Path_OverAPerfectLink_IsTheSlowestRankOfEveryStretch()
    {
        Random random = new(77);
        for (int run = 0; run < 100; run++)
        {
            (RankEvent[][] program, double[] longest) = Synchronous(random, random.Next(2, 6), operations: random.Next(1, 20), overlap: false);
            PathReport path = LinkSimulation.Run(program, new LinkProfile(0, double.PositiveInfinity));

            Assert.That(path.Seconds, Is.EqualTo(longest.Sum()).Within(1e-9));
            Assert.That(path.PathTransfer, Is.EqualTo(0).Within(1e-9));
        }
    }

    /// <summary>Stretches of computing with an exchange of everybody after each.</summary>
    /// <returns>[rank][event], and the longest stretch of each.</returns>
    private static (RankEvent[][] Program, double[] Longest) Synchronous(Random random, int ranks, int operations, bool overlap)
    {
        int[] world = [.. Enumerable.Range(0, ranks)];
        List<RankEvent>[] program = [.. world.Select(_ => new List<RankEvent>())];
        double[] longest = new double[operations * 2];
        for (int i = 0; i < operations; i++)
        {
            long[] counts = [.. world.Select(_ => (long)random.Next(1, 100))];
            foreach (int rank in world)
            {
                OperationPart part = new MessagePattern("world", rank, world).AllGather((ulong)i, 4, i == operations - 1 ? [.. world.Select(_ => 1L)] : counts);
                Add(2 * i, rank);
                program[rank].Add(RankEvent.Start(part));
                if (overlap && i < operations - 1)
                {
                    Add((2 * i) + 1, rank);
                }

                program[rank].Add(RankEvent.Wait(part));
            }
        }

        return ([.. program.Select(p => p.ToArray())], longest);

        void Add(int stretch, int rank)
        {
            double seconds = random.NextDouble();
            program[rank].Add(Compute(seconds));
            longest[stretch] = Math.Max(longest[stretch], seconds);
        }
    }

    private static PathReport Ring(long bytes)
    {
        List<IReadOnlyList<RankEvent>> ranks = [];
        for (int rank = 0; rank < 4; rank++)
        {
            List<RankEvent> events = [];
            for (ulong turn = 0; turn < 3; turn++)
            {
                OperationPart part = new MessagePattern("world", rank, [0, 1, 2, 3]).SendReceive(turn, bytes, (rank + 1) % 4, (rank + 3) % 4);
                events.AddRange([RankEvent.Start(part), Compute(2), RankEvent.Wait(part)]);
            }

            ranks.Add([.. events, Compute(2)]);
        }

        return LinkSimulation.Run(ranks, Link);
    }

    private static OperationKey Key(ulong sequence) => new("world", sequence);

    private static RankEvent Compute(double seconds) => RankEvent.Compute(seconds);

    private static RankEvent Send(ulong sequence, int to, long bytes) => RankEvent.Start(new OperationPart(Key(sequence), [(to, bytes)], []));

    private static RankEvent WaitSent(ulong sequence, int to, long bytes) => RankEvent.Wait(new OperationPart(Key(sequence), [(to, bytes)], []));

    private static RankEvent Receive(ulong sequence, int from) => RankEvent.Start(new OperationPart(Key(sequence), [], [from]));

    private static RankEvent Wait(ulong sequence, int from) => RankEvent.Wait(new OperationPart(Key(sequence), [], [from]));
}
