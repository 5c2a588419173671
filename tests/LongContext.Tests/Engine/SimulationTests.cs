using LongContext.Engine;
using NUnit.Framework;

namespace LongContext.Tests.Engine;

/// <summary>Thousands of steps of random submissions, cancellations, lazy consumers and faults. One seed is one trace.</summary>
[TestFixture]
internal sealed class SimulationTests
{
    [TestCase(1, 14, 16, 4)]   // a pool of about 1.01 × the largest request
    [TestCase(2, 14, 7, 8)]
    [TestCase(3, 40, 64, 8)]
    [TestCase(4, 40, 3, 2)]
    [TestCase(5, 200, 16, 8)]
    [TestCase(6, 16, 512, 64)]
    [TestCase(7, 25, 1, 3)]
    [TestCase(8, 20, 24, 16)]
    public void RandomTraffic_NeverLosesPagesOrTokens_AndAlwaysProgresses(int seed, int pages, int chunk, int concurrent)
    {
        Random random = new(seed);
        EngineRig rig = new(pages, chunk, concurrent, queued: 12);
        List<RequestProbe> alive = [];
        List<RequestProbe> all = [];
        HashSet<RequestProbe> lazy = [];
        HashSet<RequestProbe> cancelled = [];
        int refused = 0;
        int idle = 0;
        for (int step = 0; step < 3_000; step++)
        {
            if (random.Next(3) == 0)
            {
                try
                {
                    RequestProbe probe = rig.Submit(Prompt(random), random.Next(1, 16));
                    alive.Add(probe);
                    all.Add(probe);
                    _ = random.Next(6) == 0 && lazy.Add(probe);
                }
                catch (SessionOverloadedException)
                {
                    refused++; // overload is part of the traffic
                }
            }

            if (alive.Count > 0 && random.Next(12) == 0)
            {
                RequestProbe victim = alive[random.Next(alive.Count)];
                victim.Request.RequestCancellation();
                cancelled.Add(victim);
            }

            bool ran = rig.Step();
            idle = ran || alive.All(p => p.Request.HasEnded || p.Request.IsPaused) ? 0 : idle + 1;
            Assert.That(idle, Is.LessThan(2), $"seed {seed}, step {step}: nothing runs although something could");
            foreach (RequestProbe probe in alive)
            {
                probe.Read(lazy.Contains(probe) ? random.Next(8) / 7 : int.MaxValue);
            }

            alive.RemoveAll(p => p.Request.HasEnded);
        }

        rig.RunToEnd([.. all]);
        foreach (RequestProbe probe in all)
        {
            Assert.That(probe.Terminals, Is.EqualTo(1));
            if (probe.Error is null)
            {
                probe.AssertReference();
            }
            else
            {
                Assert.That(cancelled, Does.Contain(probe));
                probe.AssertReferencePrefix();
            }
        }

        Assert.That(all, Has.Count.GreaterThan(300));
        TestContext.Out.WriteLine($"{all.Count} requests, {refused} refused, {cancelled.Count} cancelled, {rig.Loop.Scheduler.Preemptions} preemptions, {rig.Loop.Steps} steps");
    }

    [Test]
    public void Overload_WithEveryRequestAsLargeAsThePool_StillGivesATokenEveryHundredSteps()
    {
        EngineRig rig = new(pages: 14, chunk: 8, concurrent: 8, queued: 20);
        Random random = new(3);
        List<RequestProbe> all = [];
        for (int step = 0; step < 3_000; step++)
        {
            try
            {
                all.Add(rig.Submit([.. Enumerable.Range(0, 40).Select(_ => random.Next(2, 40))], 14));
            }
            catch (SessionOverloadedException)
            {
                // ten times what can be served
            }

            rig.Step();
            all.ForEach(p => p.Read());
        }

        int tokens = all.Sum(p => p.TokenIds.Count);
        Assert.That(tokens, Is.GreaterThan(rig.Loop.Steps / 100).And.GreaterThan(1_000));
        rig.RunToEnd([.. all]);
        all.ForEach(p => p.AssertReference());
    }

    private static int[] Prompt(Random random)
    {
        int family = random.Next(4); // prompts of a family begin alike
        int shared = random.Next(0, 24);
        return [.. Enumerable.Range(0, shared).Select(i => 2 + ((family + 1) * i % 38)), .. Enumerable.Range(0, random.Next(1, 16)).Select(_ => random.Next(2, 40))];
    }
}
