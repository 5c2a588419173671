using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Groups split from a communicator are communicators; faults and bytes are shared with it.</summary>
internal abstract partial class CommunicatorConformance
{
    [Test]
    public void Split_ByColor_MakesGroupsInTheOrderOfKeys([ValueSource(nameof(Sizes))] int size)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            using ICommunicator group = c.Split(c.Rank % 2, -c.Rank); // the greatest rank comes first
            int[] members = [.. Enumerable.Range(0, size).Where(r => r % 2 == c.Rank % 2).Reverse()];
            Assert.That(group.Size, Is.EqualTo(members.Length));
            Assert.That(group.Rank, Is.EqualTo(Array.IndexOf(members, c.Rank)));
            Assert.That(group.Info.WorldRanks, Is.EqualTo(members));

            CommRegion all = memory.Floats(100 * members.Length);
            group.AllGather(memory.Own(100), all, Tag()).Wait();
            for (int i = 0; i < members.Length; i++)
            {
                AssertFrom(all.Slice(100 * i, 100), members[i]);
            }
        });
    }

    [Test]
    public void Split_IntoAMesh_SumsOverRowsThenColumns([Values(4, 8)] int size)
    {
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            using ICommunicator row = c.Split(c.Rank / 2, c.Rank);
            using ICommunicator column = c.Split(c.Rank % 2, c.Rank);
            CommRegion sum = memory.Of([1, c.Rank]);
            row.AllReduce(sum, Reduction.Sum, Tag()).Wait();
            column.AllReduce(sum, Reduction.Sum, Tag()).Wait();
            Assert.That(RankMemory.Read(sum).ToArray(), Is.EqualTo(new float[] { size, size * (size - 1) / 2 }));
        });
    }

    [Test]
    public void Split_OfASplit_KnowsItsRanksInTheWorld()
    {
        OnRanks(4, c =>
        {
            using ICommunicator half = c.Split(c.Rank / 2, c.Rank);
            using ICommunicator one = half.Split(half.Rank, 0);
            Assert.That(one.Size, Is.EqualTo(1));
            Assert.That(one.Info.WorldRanks, Is.EqualTo(new[] { c.Rank }));
            one.Barrier(Tag()).Wait();
            half.Barrier(Tag()).Wait();
        });
    }

    [Test]
    public void Fault_InAGroup_IsAFaultOfAllRanks()
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(4, Impatient, c =>
        {
            using ICommunicator half = c.Split(c.Rank / 2, c.Rank);
            if (c.Rank == 2)
            {
                half.Barrier(Tag()).Wait(); // rank 3 never comes
                return;
            }

            Assert.That(c.Faulted.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)), Is.True);
            c.Barrier(Tag()).Wait();
        });
        foreach (Exception? outcome in outcomes)
        {
            CommunicatorFault fault = ((CommunicatorException)outcome!).Fault;
            Assert.That(fault.Kind, Is.EqualTo(FaultKind.DeadlineExceeded));
            Assert.That(fault.Message, Does.Contain("rank 3 of all"));
        }
    }

    [Test]
    public void Traffic_OfEachVerb_IsWhatCrossesBetweenRanks([ValueSource(nameof(Sizes))] int size)
    {
        const long count = 240; // divisible by every size
        OnRanks(size, c =>
        {
            using RankMemory memory = new(c);
            (long others, long bytes) = (size - 1, count * 4);
            CommRegion none = CommRegion.Empty(ElementKind.Float32);

            c.AllGather(memory.Own(count), memory.Floats(size * count), Tag(0, CommPhase.PassingBlocks)).Wait();
            Assert.That(c.Traffic(CommPhase.PassingBlocks), Is.EqualTo(new CommTraffic(1, others * bytes, others * bytes)));

            c.AllToAll(memory.Own(count), memory.Floats(count), Tag(0, CommPhase.ScatterHeads)).Wait();
            Assert.That(c.Traffic(CommPhase.ScatterHeads), Is.EqualTo(new CommTraffic(1, others * bytes / size, others * bytes / size)));

            long ring = size == 1 ? 0 : bytes; // to itself nothing crosses
            c.SendReceive(memory.Own(count), (c.Rank + 1) % size, memory.Floats(count), (c.Rank + size - 1) % size, Tag(0, CommPhase.RingKeyValue)).Wait();
            c.SendReceive(none, Communicator.NoRank, none, Communicator.NoRank, Tag(0, CommPhase.RingKeyValue)).Wait();
            Assert.That(c.Traffic(CommPhase.RingKeyValue), Is.EqualTo(new CommTraffic(2, ring, ring)));

            c.Broadcast(memory.Own(count), 0, Tag(0, CommPhase.MoveQuery)).Wait();
            Assert.That(
                c.Traffic(CommPhase.MoveQuery),
                Is.EqualTo(c.Rank == 0 ? new CommTraffic(1, others * bytes, 0) : new CommTraffic(1, 0, bytes)));

            c.AllReduce(memory.Own(count), Reduction.Sum, Tag(0, CommPhase.TensorReduce)).Wait();
            Assert.That(c.Traffic(CommPhase.TensorReduce), Is.EqualTo(new CommTraffic(1, 2 * others * bytes / size, 2 * others * bytes / size)));

            c.Barrier(Tag()).Wait();
            Assert.That(c.Traffic(CommPhase.Check), Is.EqualTo(new CommTraffic(1, 0, 0)));
        });
    }

    [Test]
    public void Traffic_OfAGroup_CountsInTheWhole()
    {
        OnRanks(4, c =>
        {
            using RankMemory memory = new(c);
            using ICommunicator pair = c.Split(c.Rank / 2, c.Rank);
            pair.AllGather(memory.Own(10), memory.Floats(20), Tag(0, CommPhase.GatherHeads)).Wait();
            Assert.That(c.Traffic(CommPhase.GatherHeads), Is.EqualTo(new CommTraffic(1, 40, 40)));
        });
    }

    [Test]
    public void Allocate_GivesZeroedMemoryOnAPage()
    {
        OnRanks(2, c =>
        {
            using CommBuffer buffer = c.Allocate(10_000);
            Assert.That(buffer.ByteCount, Is.EqualTo(10_000));
            Assert.That(buffer.Region(ElementKind.Byte).Address % 4096, Is.EqualTo((nint)0));
            Assert.That(buffer.Span<byte>().ToArray(), Is.All.Zero);
        });
    }
}
