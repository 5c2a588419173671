using NUnit.Framework;

namespace LongContext.Tests.Engine;

/// <summary>Cancel at event k, for every k of 200 traces: pages are back within one step, one terminal event, others undisturbed.</summary>
[TestFixture]
internal sealed class CancellationTests
{
    [TestCase(1, 16, 8, 200)]
    [TestCase(2, 7, 2, 200)]
    [TestCase(3, 16, 4, 24)] // preemptions
    [TestCase(4, 1, 8, 40)]
    [TestCase(5, 64, 1, 30)]
    public void Cancel_AtAnyEvent_FreesItsPagesWithinOneStep(int seed, int chunk, int concurrent, int pages)
    {
        for (int trace = seed; trace < 200; trace += 5)
        {
            int events = Trace(trace, chunk, concurrent, pages, cancelAt: -1);
            Assert.That(events, Is.GreaterThan(18));
            for (int k = 0; k < events; k++)
            {
                Trace(trace, chunk, concurrent, pages, k);
            }
        }
    }

    private static int Trace(int seed, int chunk, int concurrent, int pages, int cancelAt)
    {
        Random random = new(seed);
        EngineRig rig = new(pages, chunk, concurrent);
        List<RequestProbe> probes = [];
        RequestProbe victim = null!;
        RequestProbe? cancelled = null;
        int steps = 0;
        for (; steps < 200; steps++)
        {
            if (steps % 3 == 0 && probes.Count < 6)
            {
                probes.Add(rig.Submit([.. Enumerable.Range(0, random.Next(1, 40)).Select(i => 2 + (i * i % (3 + (seed % 4))))], random.Next(1, 25)));
                victim ??= probes[^1];
                victim = probes.Count == 1 + (seed % 3) ? probes[^1] : victim;
            }

            if (steps == cancelAt)
            {
                cancelled = victim;
                victim.Request.RequestCancellation();
                rig.Step();
                Assert.That(victim.Request.HasEnded, Is.True);
                Assert.That(victim.Request.Sequence.Pages.Count, Is.Zero);
            }
            else if (!rig.Step() && probes.Count == 6)
            {
                break;
            }

            probes.ForEach(p => p.Read());
        }

        rig.RunToEnd([.. probes]);
        foreach (RequestProbe probe in probes)
        {
            Assert.That(probe.Terminals, Is.EqualTo(1));
            if (probe.Error is null)
            {
                probe.AssertReference();
            }
            else
            {
                Assert.That(probe.Error, Is.InstanceOf<OperationCanceledException>());
                Assert.That(probe, Is.SameAs(cancelled));
                probe.AssertReferencePrefix();
            }
        }

        return steps;
    }
}
