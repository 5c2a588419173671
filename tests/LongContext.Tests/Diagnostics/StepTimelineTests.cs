using System.Text.Json;
using LongContext.Diagnostics;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Diagnostics;

[TestFixture]
internal sealed class StepTimelineTests
{
    [TestCase(3, 5)]
    [TestCase(5, 5)]
    [TestCase(12, 5)]
    public void Take_HasTheLastSpans_InOrder_AndOnce(int added, int capacity)
    {
        StepTimeline timeline = new(rank: 2, capacity);
        for (int i = 0; i < added; i++)
        {
            timeline.Add("x", TimelineKind.Compute, 1, i, StepTimeline.Now);
        }

        Assert.That(timeline.Take().Select(s => s.Layer), Is.EqualTo(Enumerable.Range(0, added).TakeLast(capacity)));
        Assert.That(timeline.Dropped, Is.EqualTo(Math.Max(0, added - capacity)));
        Assert.That(timeline.Take(), Is.Empty);
    }

    [Test]
    public void Add_AllocatesNothing()
    {
        StepTimeline timeline = new(rank: 0, capacity: 100);
        Assert.That(Allocations.OfThisThread(() => timeline.Add("x", TimelineKind.Communication, 1, 0, 0), warmUp: 1, repeats: 1000), Is.Zero);
    }

    [Test]
    public void Trace_KeepsTimesToTheNanosecond_ThoughTheyCountFrom1970()
    {
        StepTimeline timeline = new(rank: 7);
        long start = StepTimeline.Now;
        for (int i = 0; i < 2; i++)
        {
            timeline.Add("x", (TimelineKind)i, 3, 4, start + (i * 1500 * System.Diagnostics.Stopwatch.Frequency / 1_000_000_000));
        }

        using MemoryStream stream = new();
        TraceWriter.Write(stream, [timeline]);
        JsonElement[] spans = [.. JsonDocument.Parse(stream.ToArray()).RootElement.EnumerateArray().Where(e => e.GetProperty("ph").GetString() == "X")];

        Assert.That(spans[1].GetProperty("ts").GetDecimal() - spans[0].GetProperty("ts").GetDecimal(), Is.EqualTo(1.5m));
        Assert.That(spans.Select(s => s.GetProperty("tid").GetInt32()), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(spans.Select(s => s.GetProperty("pid").GetInt32()), Is.All.EqualTo(7));
    }
}
