using LongContext.Attention.SequenceParallel;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

/// <summary>Heads divided among ranks: every query head once, with the key/value head that it reads.</summary>
[TestFixture]
internal sealed class HeadShareTests
{
    [Test]
    public void Divide_OfAnyHeads_GivesEachQueryHeadToOneRankWithItsKeyValueHead(
        [Values(1, 2, 3, 4, 8)] int kvHeads, [Values(1, 2, 3, 4, 7)] int group)
    {
        int qHeads = kvHeads * group;
        for (int ranks = 1; ranks <= qHeads; ranks++)
        {
            int next = 0;
            foreach (HeadShare share in HeadShare.Divide(qHeads, kvHeads, ranks))
            {
                Assert.That((share.QStart, share.QCount % share.Group), Is.EqualTo((next, 0)));
                for (int head = 0; head < share.QCount; head++)
                {
                    int source = share.Source(head / share.Group, group);
                    Assert.That(source, Is.InRange(0, share.KVCount - 1));
                    Assert.That(share.KVStart + source, Is.EqualTo((share.QStart + head) / group), $"{qHeads}/{kvHeads} heads, {ranks} ranks, {share}");
                }

                next += share.QCount;
            }

            Assert.That(next, Is.EqualTo(qHeads));
        }
    }

    [Test]
    public void Divide_AmongNoMoreRanksThanKeyValueHeads_CopiesNone([Values(1, 2, 3, 4, 5, 8)] int ranks) =>
        Assert.That(HeadShare.Divide(32, 8, ranks).Sum(s => s.KVCount), Is.EqualTo(8));

    [Test]
    public void Divide_AmongMoreRanks_SendsOneKeyValueHeadToEach([Values(8, 16, 32)] int ranks) =>
        Assert.That(HeadShare.Divide(32, 8, ranks).Select(s => s.KVCount), Is.All.EqualTo(1));

    [TestCase(8, 8, ExpectedResult = 8)]
    [TestCase(64, 32, ExpectedResult = 8)]
    [TestCase(12, 8, ExpectedResult = 6)]
    [TestCase(7, 8, ExpectedResult = 7)]
    [TestCase(7, 4, ExpectedResult = 1)]
    [TestCase(6, 1, ExpectedResult = 1)]
    public int GroupSize_IsTheLargestThatDividesTheRanks(int ranks, int kvHeads) => UlyssesAttention.GroupSize(ranks, kvHeads);
}
