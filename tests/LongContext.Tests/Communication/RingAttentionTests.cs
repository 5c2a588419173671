using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Communication;

/// <summary>Partition, communicator and merge make Ring attention: equal to attention in one place, in doubles.</summary>
[TestFixture]
internal sealed class RingAttentionTests
{
    [Test]
    public void Ring_OverRanks_EqualsAttentionInOnePlace(
        [Values(1, 2, 3, 4, 8)] int ranks, [Values(1, 5, 64, 333)] int tokens, [Values] bool zigzag)
    {
        Check(RingInput.Random(tokens, seed: tokens), ranks, zigzag);
    }

    [Test]
    public void Ring_WithStatesFarApart_EqualsAttentionInOnePlace([Values(2, 4)] int ranks, [Values] bool zigzag)
    {
        // Parts of the keys have an lse near 100, others near -100: a merge that does not subtract the maximum overflows or loses them.
        Check(RingInput.Random(128, seed: 2, keyBias: position => position / 16 % 2 == 0 ? 100 : -100), ranks, zigzag);
        Check(RingInput.Random(128, seed: 3, keyBias: position => position < 64 ? -100 : 100), ranks, zigzag);
        Check(RingInput.Random(128, seed: 4, keyBias: _ => -100), ranks, zigzag);
    }

    [Test]
    public void Ring_OverEqualKeys_WeighsPartsByTheirLength([Values(2, 4)] int ranks, [Values] bool zigzag)
    {
        Check(RingInput.Random(96, seed: 5, spread: 0), ranks, zigzag); // every state of as many keys has the same lse
    }

    [Test]
    public void Ring_MovesWhatTheFormulaSays([Values(1, 2, 4, 8)] int ranks, [Values] bool zigzag)
    {
        const int tokens = 128;
        RingInput x = RingInput.Random(tokens, seed: 1);
        CommTraffic[] traffic = new CommTraffic[ranks];
        Run(x, ranks, zigzag, (c, _) => traffic[c.Rank] = c.Traffic(CommPhase.RingKeyValue));
        long bytes = (ranks - 1) * (tokens / ranks) * 2L * RingInput.KVHeads * RingInput.HeadDim * sizeof(float); // (N-1) * c * 2k * b
        Assert.That(traffic, Is.All.EqualTo(new CommTraffic(ranks - 1, bytes, bytes)));
    }

    private static void Check(RingInput x, int ranks, bool zigzag)
    {
        (double[] expected, double[] expectedLse) = x.Attend();
        float[] output = new float[expected.Length];
        float[] lse = new float[expectedLse.Length];
        Run(x, ranks, zigzag, (_, rank) => rank.Store(output, lse));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(output[i], Is.EqualTo(expected[i]).Within(1e-4), $"Output {i}, rank count {ranks}.");
        }

        for (int i = 0; i < expectedLse.Length; i++)
        {
            Assert.That(lse[i], Is.EqualTo(expectedLse[i]).Within(1e-4), $"Lse {i}, rank count {ranks}.");
        }
    }

    private static void Run(RingInput x, int ranks, bool zigzag, Action<ICommunicator, RingRank> then)
    {
        SequencePartition partition = zigzag ? SequencePartition.Zigzag(x.Tokens, ranks) : SequencePartition.Contiguous(x.Tokens, ranks);
        IReadOnlyList<Exception?> thrown = InProcessCluster.Instance.Run(ranks, CommunicatorOptions.Default, c =>
        {
            using RingRank rank = new(c, partition, x);
            rank.Run();
            then(c, rank);
        });
        Assert.That(thrown, Is.All.Null);
    }
}
