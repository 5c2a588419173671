using System.Globalization;
using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

/// <summary>What MPI operations cost.</summary>
[TestFixture]
internal sealed class MpiCostTests
{
    [Test]
    public void Operations_OnceWarm_AllocateNothing([Values(RankLauncher.OpenMpi, RankLauncher.Mpich)] RankLauncher launcher)
    {
        using RankJob job = RankJob.Start(new RankLaunch(launcher, 2, "allocation", "mpi"));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromSeconds(60));

        Assert.That(end.Output, Has.Count.EqualTo(2), end.ToString());
        long[] bytes = [.. end.Output.Select(l => long.Parse(l, CultureInfo.InvariantCulture))];
        Assert.That(bytes, Is.All.LessThan(1000), "100 rounds of 10 operations: less than a byte each; what may remain is the runtime's own.");
    }

    [Test]
    [Explicit("Figures for a quiet machine.")]
    public void PingPong_BetweenTwoRanks_IsMeasured([Values(RankLauncher.OpenMpi, RankLauncher.Mpich)] RankLauncher launcher)
    {
        using RankJob job = RankJob.Start(new RankLaunch(launcher, 2, "ping-pong", "mpi"));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromSeconds(300));
        TestContext.Out.WriteLine($"{launcher}\n{string.Join("\n", end.Output)}");

        Assert.That(end.ExitCode, Is.Zero, end.ToString());
    }
}
