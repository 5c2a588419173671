using System.Diagnostics;
using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Every verb moves what it says, for every number of ranks and every length.</summary>
internal abstract partial class CommunicatorConformance
{
    private static readonly int[] Counts = [0, 1, 1_000, 700_001];

    [Test]
    public void Size_AndRank_AreWhatTheClusterWasAskedFor([ValueSource(nameof(Sizes))] int size)
    {
        OnRanks(size, c =>
        {
            Assert.That(c.Size, Is.EqualTo(size));
            Assert.That(c.Rank, Is.InRange(0, size - 1));
            Assert.That(c.Info.Hosts, Has.Count.EqualTo(size));
            Assert.That(c.Info.WorldRanks, Is.EqualTo(Enumerable.Range(0, size)));
            Assert.That(c.Info.Places, Does.Contain(MemoryPlace.Host));
            Assert.That(c.State, Is.EqualTo(CommunicatorState.Open));
            Assert.That(c.Fault, Is.Null);
        });
    }

    [Test]
    public void AllGather_EqualBlocks_ArriveInRankOrder([ValueSource(nameof(Sizes))] int size, [ValueSource(nameof(Counts))] int count)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion receive = memory.Floats(size * (long)count);
            c.AllGather(memory.Own(count), receive, Tag()).Wait();
            for (int sender = 0; sender < size; sender++)
            {
                AssertFrom(receive.Slice(sender * (long)count, count), sender);
            }
        });
    }

    [Test]
    public void AllGather_FromItsOwnPlaceInTheResult_IsAllowed([ValueSource(nameof(Sizes))] int size)
    {
        const int count = 20_000;
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion receive = memory.Floats(size * (long)count);
            CommRegion mine = receive.Slice(c.Rank * (long)count, count);
            RankMemory.Read(memory.Own(count)).CopyTo(RankMemory.Read(mine));
            c.AllGather(mine, receive, Tag()).Wait();
            for (int sender = 0; sender < size; sender++)
            {
                AssertFrom(receive.Slice(sender * (long)count, count), sender);
            }
        });
    }

    [Test]
    public void AllGather_UnequalBlocks_ArriveInRankOrder([ValueSource(nameof(Sizes))] int size, [Values(1, 30_011)] int scale)
    {
        long[] counts = [.. Enumerable.Range(0, size).Select(r => (long)(r * 5 % 3) * scale)]; // 0 for some
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion receive = memory.Floats(counts.Sum());
            c.AllGather(memory.Own(counts[c.Rank]), receive, counts, Tag()).Wait();
            long start = 0;
            for (int sender = 0; sender < size; sender++)
            {
                AssertFrom(receive.Slice(start, counts[sender]), sender);
                start += counts[sender];
            }
        });
    }

    [Test]
    public void AllToAll_EqualBlocks_AreTransposed([ValueSource(nameof(Sizes))] int size, [Values(0, 1, 100_003)] int each)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion receive = memory.Floats(size * (long)each);
            c.AllToAll(memory.Own(size * (long)each), receive, Tag()).Wait();
            for (int sender = 0; sender < size; sender++)
            {
                AssertFrom(receive.Slice(sender * (long)each, each), sender, start: c.Rank * (long)each);
            }
        });
    }

    [Test]
    public void AllToAll_UnequalBlocks_AreTransposed([ValueSource(nameof(Sizes))] int size, [Values(1, 9_973)] int scale)
    {
        long Count(int from, int to) => (long)((from * 3) + (to * 5)) % 7 * scale;

        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            long[] send = [.. Enumerable.Range(0, size).Select(to => Count(c.Rank, to))];
            long[] receive = [.. Enumerable.Range(0, size).Select(from => Count(from, c.Rank))];
            CommRegion result = memory.Floats(receive.Sum());
            CommOperation operation = c.AllToAll(memory.Own(send.Sum()), send, result, receive, Tag());
            Array.Clear(send); // counts are read before the call returns
            operation.Wait();
            long start = 0;
            for (int from = 0; from < size; from++)
            {
                long skipped = Enumerable.Range(0, c.Rank).Sum(to => Count(from, to));
                AssertFrom(result.Slice(start, receive[from]), from, skipped);
                start += receive[from];
            }
        });
    }

    [Test]
    public void SendReceive_RoundTheRing_BringsEveryBlockToEveryRank([ValueSource(nameof(Sizes))] int size, [Values(0, 1, 50_021)] int count)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            (CommRegion held, CommRegion next) = (memory.Own(count), memory.Floats(count));
            for (int step = 1; step <= size; step++)
            {
                c.SendReceive(held, (c.Rank + 1) % size, next, (c.Rank + size - 1) % size, Tag((byte)step)).Wait();
                (held, next) = (next, held);
                AssertFrom(held, (c.Rank + size - step) % size);
            }
        });
    }

    [Test]
    public void SendReceive_OfManyMegabytes_ArrivesWhole([Values(2, 3)] int size)
    {
        const int count = 3_000_017; // 12 MB: more pieces than any transport has in flight
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion receive = memory.Floats(count);
            c.SendReceive(memory.Own(count), (c.Rank + 1) % size, receive, (c.Rank + size - 1) % size, Tag()).Wait();
            AssertFrom(receive, (c.Rank + size - 1) % size);
        });
    }

    [Test]
    public void SendReceive_AlongAChain_LeavesTheEndsAlone([ValueSource(nameof(Sizes))] int size)
    {
        const int count = 333;
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            (bool first, bool last) = (c.Rank == 0, c.Rank == size - 1);
            CommRegion receive = memory.Floats(first ? 0 : count);
            c.SendReceive(
                last ? CommRegion.Empty(ElementKind.Float32) : memory.Own(count), last ? Communicator.NoRank : c.Rank + 1,
                receive, first ? Communicator.NoRank : c.Rank - 1, Tag()).Wait();
            AssertFrom(receive, c.Rank - 1);
        });
    }

    [Test]
    public void SendReceive_OfTwo_DoesNotWaitForOthers()
    {
        OnRanks(3, c =>
        {
            using RankMemory memory = new(c);
            CommRegion none = CommRegion.Empty(ElementKind.Float32);
            CommRegion receive = memory.Floats(10);
            if (c.Rank == 2)
            {
                // Comes to the exchange of the other two only after both are through it.
                c.SendReceive(none, Communicator.NoRank, none, Communicator.NoRank, Tag(1)).Wait();
                c.SendReceive(none, Communicator.NoRank, receive, 0, Tag(2)).Wait();
                AssertFrom(receive, 0);
                return;
            }

            c.SendReceive(memory.Own(10), 1 - c.Rank, receive, 1 - c.Rank, Tag(1)).Wait();
            AssertFrom(receive, 1 - c.Rank);
            c.SendReceive(c.Rank == 0 ? memory.Own(10) : none, c.Rank == 0 ? 2 : Communicator.NoRank, none, Communicator.NoRank, Tag(2)).Wait();
        });
    }

    [Test]
    public void Broadcast_FromAnyRoot_ReachesAll([ValueSource(nameof(Sizes))] int size, [ValueSource(nameof(Counts))] int count)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion region = memory.Own(count);
            int root = (size - 1) / 2;
            c.Broadcast(region, root, Tag()).Wait();
            AssertFrom(region, root);
        });
    }

    [Test]
    public void Barrier_LetsNobodyThrough_BeforeAllHaveCome([ValueSource(nameof(Sizes))] int size)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommBuffer times = c.Allocate(2 * sizeof(long)); // one clock: ranks are on one machine
            CommBuffer all = c.Allocate(2 * sizeof(long) * size);
            Thread.Sleep(7 * (size - c.Rank));
            times.Span<long>()[0] = Stopwatch.GetTimestamp();
            c.Barrier(Tag()).Wait();
            times.Span<long>()[1] = Stopwatch.GetTimestamp();
            c.AllGather(times.Region(ElementKind.Byte), all.Region(ElementKind.Byte), Tag(1)).Wait();
            long[] stamps = all.Span<long>().ToArray();
            times.Dispose();
            all.Dispose();
            Assert.That(stamps.Where((_, i) => i % 2 == 1).Min(), Is.GreaterThanOrEqualTo(stamps.Where((_, i) => i % 2 == 0).Max()));
        });
    }

    [Test]
    public void Operations_StartedTogether_CompleteInAnyOrderOfWaiting([ValueSource(nameof(Sizes))] int size)
    {
        const int count = 40_009;
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            CommRegion gathered = memory.Floats(size * (long)count);
            CommRegion fromLeft = memory.Floats(count);
            CommRegion shared = memory.Own(count, salt: 3);
            CommRegion transposed = memory.Floats(size * (long)count);
            CommOperation[] started =
            [
                c.AllGather(memory.Own(count, salt: 1), gathered, Tag(1)),
                c.SendReceive(memory.Own(count, salt: 2), (c.Rank + 1) % size, fromLeft, (c.Rank + size - 1) % size, Tag(2)),
                c.Broadcast(shared, size - 1, Tag(3)),
                c.AllToAll(memory.Own(size * (long)count, salt: 4), transposed, Tag(4)),
                c.Barrier(Tag(5)),
            ];
            foreach (int i in (int[])(c.Rank % 2 == 0 ? [4, 3, 2, 1, 0] : [2, 0, 4, 1, 3]))
            {
                started[i].Wait();
                Assert.That(started[i].IsCompleted, Is.True);
            }

            AssertFrom(fromLeft, (c.Rank + size - 1) % size, salt: 2);
            AssertFrom(shared, size - 1, salt: 3);
            for (int sender = 0; sender < size; sender++)
            {
                AssertFrom(gathered.Slice(sender * (long)count, count), sender, salt: 1);
                AssertFrom(transposed.Slice(sender * (long)count, count), sender, c.Rank * (long)count, salt: 4);
            }
        });
    }

    [Test]
    public void Operations_OfRanksAtDifferentSpeeds_KeepTheirOrder([ValueSource(nameof(SeveralRanks))] int size)
    {
        const int steps = 300;
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            Random pace = new(c.Rank);
            CommRegion mine = memory.Floats(64);
            CommRegion left = memory.Floats(64);
            CommRegion all = memory.Floats(64L * size);
            for (int step = 0; step < steps; step++)
            {
                RankMemory.Read(mine).Fill((step * size) + c.Rank);
                CommTag tag = new((uint)step, 0, CommPhase.RingKeyValue, 0);
                CommOperation ring = c.SendReceive(mine, (c.Rank + 1) % size, left, (c.Rank + size - 1) % size, tag);
                CommOperation gather = c.AllGather(mine, all, tag with { Part = 1 });
                if (pace.Next(50) == 0)
                {
                    Thread.Sleep(1);
                }

                gather.Wait();
                ring.Wait();
                Assert.That(RankMemory.Read(left)[63], Is.EqualTo((step * size) + ((c.Rank + size - 1) % size)));
                Assert.That(RankMemory.Read(all)[64 * (size - 1)], Is.EqualTo((step * size) + size - 1));
            }
        });
    }

    [Test]
    public void Operations_ManyAhead_WaitForTheSlowest()
    {
        const int ahead = 200;
        OnRanks(2, c =>
        {
            using RankMemory memory = new(c);
            if (c.Rank == 1)
            {
                Thread.Sleep(50);
            }

            CommRegion[] blocks = [.. Enumerable.Range(0, ahead).Select(i => memory.Own(5, salt: i))];
            CommRegion[] results = [.. Enumerable.Range(0, ahead).Select(_ => memory.Floats(5))];
            CommOperation[] started = [.. Enumerable.Range(0, ahead).Select(i => c.SendReceive(blocks[i], 1 - c.Rank, results[i], 1 - c.Rank, Tag((byte)i)))];
            for (int i = ahead - 1; i >= 0; i--)
            {
                started[i].Wait();
                AssertFrom(results[i], 1 - c.Rank, salt: i);
            }
        });
    }
}
