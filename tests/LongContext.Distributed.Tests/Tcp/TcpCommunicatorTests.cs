using LongContext.Communication;
using LongContext.Distributed.Tcp;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

[TestFixture]
internal sealed class TcpCommunicatorTests
{
    private static readonly CommTag Tag = new(1, 0, CommPhase.RingKeyValue, 0);

    [Test]
    public void Operations_OnceWarm_AllocateNothing([Values] AgreementCheck agreement)
    {
        AssertAllEnd(TcpCluster.Of(agreement).Run(3, new CommunicatorOptions(), c =>
        {
            using RankMemory memory = new(c);
            CommRegion few = memory.Own(30), fewAll = memory.Floats(90), many = memory.Own(6000), manyAll = memory.Floats(18_000);
            void Step()
            {
                c.AllGather(few, fewAll, Tag).Wait();
                c.AllGather(many, manyAll, Tag).Wait();
                c.AllReduce(few, Reduction.Max, Tag).Wait();
                c.AllReduce(many, Reduction.Max, Tag).Wait();
                c.SendReceive(many, (c.Rank + 1) % 3, manyAll.Slice(0, 6000), (c.Rank + 2) % 3, Tag).Wait();
                c.Barrier(Tag).Wait();
            }

            Assert.That(Allocations.OfThisThread(Step, warmUp: 300, repeats: 200), Is.Zero);
        }));
    }

    [Test]
    public void Messages_OfManyMegabytesFromAllToAllAtOnce_Arrive()
    {
        const long each = 4 << 20; // 16 MiB: far more than sockets hold
        AssertAllEnd(TcpCluster.Of(AgreementCheck.Headers).Run(3, new CommunicatorOptions(), c =>
        {
            using RankMemory memory = new(c);
            CommRegion transposed = memory.Floats(3 * each), left = memory.Floats(each), sum = memory.Own(each);
            CommOperation[] started =
            [
                c.AllToAll(memory.Own(3 * each, salt: 1), transposed, Tag),
                c.SendReceive(memory.Own(each, salt: 2), (c.Rank + 1) % 3, left, (c.Rank + 2) % 3, Tag),
                c.AllReduce(sum, Reduction.Max, Tag),
            ];
            for (int i = started.Length - 1; i >= 0; i--)
            {
                started[i].Wait();
            }

            for (int sender = 0; sender < 3; sender++)
            {
                Assert.That(RankMemory.FirstWrong(transposed.Slice(sender * each, each), sender, c.Rank * each, salt: 1), Is.EqualTo(-1));
            }

            Assert.That(RankMemory.FirstWrong(left, (c.Rank + 2) % 3, salt: 2), Is.EqualTo(-1));
            for (int i = 0; i < each; i += 4099)
            {
                Assert.That(RankMemory.Read(sum)[i], Is.EqualTo(Enumerable.Range(0, 3).Max(r => RankMemory.Value(r, i))));
            }
        }));
    }

    [Test]
    public void Groups_SplitOverAndOver_WorkAndAreToldApart()
    {
        AssertAllEnd(TcpCluster.Of(AgreementCheck.Headers).Run(4, new CommunicatorOptions(), c =>
        {
            using RankMemory memory = new(c);
            for (int round = 0; round < 40; round++)
            {
                using ICommunicator pair = c.Split((c.Rank >> (round % 2)) % 2, c.Rank);
                CommRegion all = memory.Floats(2 * 50);
                pair.AllGather(memory.Own(50, salt: round), all, Tag).Wait(); // the faster pair is in it before the other has split
                Assert.That(RankMemory.FirstWrong(all.Slice(50, 50), pair.Info.WorldRanks[1], salt: round), Is.EqualTo(-1));
            }
        }));
    }

    private static void AssertAllEnd(IReadOnlyList<Exception?> outcomes) => Assert.That(outcomes, Is.All.Null);
}
