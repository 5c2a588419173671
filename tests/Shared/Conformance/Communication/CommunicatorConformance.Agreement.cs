using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance.Communication;

/// <summary>Ranks that do different things get an error that says both; none hangs, none goes on with wrong bytes.</summary>
internal abstract partial class CommunicatorConformance
{
    [Test]
    public void Divergence_OfTags_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        AssertDiverged(
            size, (c, m, odd) => c.AllGather(m.Own(4), m.Floats(4 * size), new CommTag(odd ? 812u : 811u, 17, CommPhase.GatherHeads, 0)),
            "step 811", "step 812");
    }

    [Test]
    public void Divergence_OfVerbs_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        AssertDiverged(size, (c, m, odd) => odd ? c.Barrier(Tag()) : c.Broadcast(m.Own(9), 0, Tag()), "Barrier", "Broadcast of 9");
    }

    [Test]
    public void Divergence_OfCounts_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        AssertDiverged(size, (c, m, odd) => c.AllGather(m.Own(odd ? 5 : 4), m.Floats((odd ? 5 : 4) * size), Tag()), "of 4 ", "of 5 ");
        AssertDiverged(size, (c, m, odd) => c.AllReduce(m.Own(odd ? 5 : 4), Reduction.Sum, Tag()), "of 4 ", "of 5 ");
        AssertDiverged(size, (c, m, odd) => c.Broadcast(m.Own(odd ? 5 : 4), 0, Tag()), "of 4 ", "of 5 ");
        AssertDiverged(
            size, (c, m, odd) => c.AllToAll(m.Own((odd ? 5 : 4) * size), m.Floats((odd ? 5 : 4) * size), Tag()), $"of {4 * size} ", $"of {5 * size} ");
    }

    [Test]
    public void Divergence_OfUnequalCounts_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        // The same total, differently spread: every region has the length that its rank expects.
        long[] counts = [.. Enumerable.Repeat(6L, size)];
        long[] others = [.. counts];
        (others[0], others[1]) = (5, 7);
        AssertDiverged(
            size, (c, m, odd) =>
            {
                long[] mine = odd ? others : counts;
                return c.AllGather(m.Own(mine[c.Rank]), m.Floats(mine.Sum()), mine, Tag());
            },
            "6 + 6", "5 + 7");
    }

    [Test]
    public void Divergence_OfRoots_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        AssertDiverged(size, (c, m, odd) => c.Broadcast(m.Own(4), odd ? 1 : 0, Tag()), "from rank 0", "from rank 1");
    }

    [Test]
    public void Divergence_OfReductions_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        AssertDiverged(size, (c, m, odd) => c.AllReduce(m.Own(4), odd ? Reduction.Max : Reduction.Sum, Tag()), "Sum", "Max");
    }

    [Test]
    public void Divergence_OfAMessagesLength_IsToldToAll([ValueSource(nameof(SeveralRanks))] int size)
    {
        AssertDiverged(
            size, (c, m, odd) => c.SendReceive(m.Own(odd ? 7 : 8), (c.Rank + 1) % size, m.Floats(8), (c.Rank + size - 1) % size, Tag()),
            "of 8 ", "of 7 ");
    }

    [Test]
    public void Divergence_OfPartners_IsToldToAll()
    {
        // Ranks 0 and 1 send to each other; rank 2 waits for a message from 0 that 0 does not send.
        AssertDiverged(
            3, (c, m, odd) => odd
                ? c.SendReceive(CommRegion.Empty(ElementKind.Float32), Communicator.NoRank, m.Floats(8), 0, Tag())
                : c.SendReceive(m.Own(8), 1 - c.Rank, m.Floats(8), 1 - c.Rank, Tag()),
            "from rank 0", "to nobody");
    }

    [Test]
    public void Agree_OnEqualFacts_LetsRanksGoOn([ValueSource(nameof(Sizes))] int size)
    {
        OnRanks(size, c =>
        {
            c.Agree([]);
            c.Agree([new("model", "c0ffee"), new("context", "131072"), new("name", "größer")]);
            c.Barrier(Tag()).Wait();
        });
    }

    [TestCase("context", "131072", "65536", "'131072'", "'65536'")]
    [TestCase("model", "c0ffee", "decade", "'c0ffee'", "'decade'")]
    [TestCase("model", "c0ffee", null, "'c0ffee'", "absent")]
    [TestCase("model", null, "c0ffee", "absent", "'c0ffee'")]
    public void Agree_OnFactsThatDiffer_TellsAllRanksBothValues(string name, string? most, string? odd, string first, string second)
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(3, CommunicatorOptions.Default, c =>
        {
            string? value = c.Rank == 2 ? odd : most;
            KeyValuePair<string, string> same = new("version", "0.1.0");
            c.Agree(value is null ? [same] : [same, new(name, value)]);
        });
        foreach (Exception? outcome in outcomes)
        {
            Assert.That(outcome, Is.InstanceOf<CommunicatorException>());
            CommunicatorFault fault = ((CommunicatorException)outcome!).Fault;
            Assert.That(fault.Kind, Is.EqualTo(FaultKind.ConfigurationMismatch));
            Assert.That(fault.SuspectedRank, Is.EqualTo(2));
            Assert.That(
                fault.Message,
                Does.Contain(name).And.Contain($"{first} on rank 0").And.Contain($"{second} on rank 2").And.Not.Contain("version"));
        }
    }

    /// <summary>The last rank is the odd one. Every rank must get the fault, and its message must hold both values.</summary>
    private void AssertDiverged(int size, Func<ICommunicator, RankMemory, bool, CommOperation> start, params string[] values)
    {
        IReadOnlyList<Exception?> outcomes = Outcomes(size, CommunicatorOptions.Default, c =>
        {
            using RankMemory memory = new(c);
            start(c, memory, c.Rank == size - 1).Wait();
            c.Barrier(Tag(99)).Wait(); // ranks of a message that fitted hear of it at the next operation
        });
        foreach (Exception? outcome in outcomes)
        {
            Assert.That(outcome, Is.InstanceOf<CommunicatorException>());
            CommunicatorFault fault = ((CommunicatorException)outcome!).Fault;
            Assert.That(fault.Kind, Is.EqualTo(FaultKind.Diverged));
            Assert.That(fault.Message, Does.Contain($"rank {size - 1}").IgnoreCase);
            foreach (string value in values)
            {
                Assert.That(fault.Message, Does.Contain(value));
            }
        }
    }
}
