using LongContext.Backends.Cpu;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

[TestFixture]
internal sealed unsafe class CoreAffinityTests
{
    // Two sockets' worth of pairs: 0-4, 1-5, 2-6, 3-7; and a process that may not use all of them.
    [TestCase(new[] { 0, 1, 2, 3, 4, 5, 6, 7 }, new[] { 0, 1, 2, 3, 4, 5, 6, 7 })]
    [TestCase(new[] { 1, 2, 5, 7 }, new[] { 1, 2, 7, 5 })]
    [TestCase(new[] { 3, 7 }, new[] { 3, 7 })]
    public void Order_TakesEveryPhysicalCoreBeforeASecondThreadOfOne(int[] allowed, int[] expected) =>
        Assert.That(CoreAffinity.Order(allowed, core => core % 4), Is.EqualTo(expected));

    [Test]
    [Platform("Linux")]
    public void Allowed_IsWhatTheSystemSays() =>
        Assert.That(CoreAffinity.Allowed(), Is.EqualTo(AllowedToThisThread()));

    [Test]
    public void Choose_MoreThreadsThanCores_GivesNone() => Assert.That(CoreAffinity.Choose(9_000), Is.Null);

    [Test]
    [Platform("Linux")]
    public void Pool_WithCores_KeepsEveryWorkerOnItsOwn()
    {
        int[] cores = CoreAffinity.Allowed();
        if (cores.Length < 2)
        {
            Assert.Ignore("One core only.");
        }

        Exception? failure = null;
        Thread caller = new(() => // not the test's own thread: it would stay pinned
        {
            try
            {
                using WorkerPool pool = new(2, [cores[1], cores[0]]);
                pool.PinCaller();
                int* pinnedTo = stackalloc int[2];
                int arrived = 0;
                MeetJob job = new(pinnedTo, &arrived);
                pool.Run(ref job, 2, 1);
                Assert.That((int[])[pinnedTo[0], pinnedTo[1]], Is.EqualTo((int[])[cores[1], cores[0]]));
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        caller.Start();
        caller.Join();
        Assert.That(failure, Is.Null);
        Assert.That(AllowedToThisThread(), Is.EqualTo(cores), "others are not pinned");
    }

    [Test]
    public void Session_WithMorePinnedThreadsThanCores_IsRefused_AndWithoutPinningIsNot()
    {
        int tooMany = Environment.ProcessorCount + 1;
        ConfigurationException pinned = Assert.Throws<ConfigurationException>(
            () => InferenceSession.CreateBuilder().UseCpu(tooMany, CorePinning.OneCorePerThread).Build())!;
        ConfigurationException free = Assert.Throws<ConfigurationException>(() => InferenceSession.CreateBuilder().UseCpu(tooMany).Build())!;
        Assert.Multiple(() =>
        {
            Assert.That(pinned.Problems, Has.One.Contains($"UseCpu({tooMany})"));
            Assert.That(free.Problems, Has.None.Contains("UseCpu"));
        });
    }

    /// <summary>A line such as <c>Cpus_allowed_list: 0-1,4</c>.</summary>
    private static int[] AllowedToThisThread()
    {
        string line = File.ReadLines("/proc/thread-self/status").First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        return [.. line["Cpus_allowed_list:".Length..].Split(',').Select(r => r.Split('-').Select(int.Parse).ToArray()).SelectMany(r => Enumerable.Range(r[0], r[^1] - r[0] + 1))];
    }

    /// <summary>Two pieces that wait for each other, so that two threads do them; each notes its thread's only core.</summary>
    private readonly struct MeetJob(int* pinnedTo, int* arrived) : IJob
    {
        private readonly int* _pinnedTo = pinnedTo;
        private readonly int* _arrived = arrived;

        public void Execute(int worker, long start, long end)
        {
            Interlocked.Increment(ref *_arrived);
            while (Volatile.Read(ref *_arrived) < 2)
            {
                Thread.Yield();
            }

            int[] allowed = AllowedToThisThread();
            _pinnedTo[worker] = allowed.Length == 1 ? allowed[0] : -1;
        }
    }
}
