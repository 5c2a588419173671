using LongContext.Communication;
using LongContext.Distributed.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

[TestFixture]
internal sealed class OperationHeadTests
{
    private static readonly CommTag Tag = new(812, 17, CommPhase.GatherHeads, 3);

    [Test]
    public void Fits_OfAnyTwo_IsTheSameFromBothSides()
    {
        Random random = new(5);
        OperationHead[] heads = [.. Enumerable.Range(0, 200).Select(_ => Draw(random))];
        int fitting = 0;
        foreach (OperationHead a in heads)
        {
            foreach (OperationHead b in heads)
            {
                Assert.That(a.Fits(0, b, 1), Is.EqualTo(b.Fits(1, a, 0)));
                fitting += a.Fits(0, b, 1) ? 1 : 0;
            }
        }

        Assert.That(fitting, Is.InRange(1_000, 39_000), "Draws that all fit, or never do, test nothing.");
    }

    [TestCase(1, 0, 8, 8, true)]   // to each other, the same length
    [TestCase(1, 0, 8, 7, false)]
    [TestCase(1, -1, 8, 8, false)] // sent, and not expected
    [TestCase(-1, 0, 8, 8, false)] // expected, and not sent
    [TestCase(-1, -1, 8, 7, true)] // nothing to do with each other
    public void Fits_OfAMessage_NeedsBothEnds(int to, int from, long sent, long expected, bool fits)
    {
        OperationHead sender = Make(CommVerb.SendReceive, sent, 0, to, -1);
        OperationHead receiver = Make(CommVerb.SendReceive, 0, expected, -1, from);

        Assert.That(sender.Fits(0, receiver, 1), Is.EqualTo(fits));
    }

    [Test]
    public void Counts_DifferentlySpread_DoNotFit_AndAreTold()
    {
        CommRegion all = new(4096, 12, ElementKind.Float32);
        OperationHead even = new(new CommRequest { Verb = CommVerb.AllGather, Tag = Tag, Sequence = 0, Receive = all, ReceiveCounts = [6, 6] });
        OperationHead odd = new(new CommRequest { Verb = CommVerb.AllGather, Tag = Tag, Sequence = 0, Receive = all, ReceiveCounts = [5, 7] });

        Assert.That(even.Fits(0, odd, 1), Is.False);
        Assert.That(odd.Describe([5, 7]), Is.EqualTo("AllGather of 5 + 7 Byte elements (GatherHeads, layer 17, step 812, part 3)"));
    }

    private static OperationHead Draw(Random random) => Make(
        (CommVerb)random.Next(6), random.Next(1, 3), random.Next(1, 3), random.Next(-1, 2), random.Next(-1, 2));

    private static OperationHead Make(CommVerb verb, long sent, long received, int to, int from) => new(new CommRequest
    {
        Verb = verb,
        Tag = Tag,
        Sequence = 3,
        Send = new CommRegion(4096, sent, ElementKind.Float32),
        Receive = new CommRegion(8192, received, ElementKind.Float32),
        To = to,
        From = from,
    });
}
