using LongContext.Scheduling;
using NUnit.Framework;

namespace LongContext.Tests.Scheduling;

[TestFixture]
internal sealed class PrefillBudgetTests
{
    private static readonly SchedulerLimits Limits = new(ChunkSize: 100, MaxSequences: 8);

    [TestCase(new[] { 1_000 }, new[] { 100 })]
    [TestCase(new[] { 30 }, new[] { 30 })]
    [TestCase(new[] { 1, 1, 1 }, new[] { 1, 1, 1 })]                 // decodes cost nothing of the budget
    [TestCase(new[] { 1, 1_000, 1 }, new[] { 1, 100, 1 })]
    [TestCase(new[] { 1_000, 20 }, new[] { 80, 20 })]                // the short one is done at once, the rest is the oldest's
    [TestCase(new[] { 1_000, 500, 200 }, new[] { 50, 0, 50 })]       // half for the oldest, half for the shortest
    [TestCase(new[] { 40, 500, 200 }, new[] { 40, 0, 60 })]
    [TestCase(new[] { 1_000, 500, 20, 10 }, new[] { 50, 20, 20, 10 })]
    public void Divide_GivesHalfToTheOldestAndTheRestToTheShortest(int[] pending, int[] expected)
    {
        Sequence[] sequences = [.. pending.Select((p, i) => new Sequence(i, new int[p], 1))];
        PrefillBudget.Divide(sequences, Limits);
        Assert.That(sequences.Select(s => s.Allotment), Is.EqualTo(expected));
    }

    [Test]
    public void Divide_WithAChunkOfOne_ServesTheOldest()
    {
        Sequence[] sequences = [new(0, new int[9], 1), new(1, new int[5], 1)];
        PrefillBudget.Divide(sequences, new SchedulerLimits(1, 2));
        Assert.That(sequences.Select(s => s.Allotment), Is.EqualTo(new[] { 1, 0 }));
    }

    [Test]
    public void Divide_WhenEveryPositionsLogitsAreWanted_KeepsOneOutputRowForEachOther()
    {
        Sequence[] sequences = [new(0, new int[90], 0, LogitPositions.All), new(1, new int[5], 1), new(2, new int[1], 1)];
        PrefillBudget.Divide(sequences, new SchedulerLimits(100, 20));
        Assert.That(sequences.Select(s => s.Allotment), Is.EqualTo(new[] { 18, 5, 1 }));
    }
}
