using NUnit.Framework;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>The rig itself: a test of transports is worth no more than what it sees of its processes.</summary>
[TestFixture]
internal sealed class RankJobTests
{
    [Test]
    public void Processes_EndWithTheirCodes_AndTheirLinesAreKept()
    {
        using RankJob job = RankJob.Start(new RankLaunch(RankLauncher.Processes, 2, "exit", "none", "7"));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromSeconds(30));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 7, 8 }), end.ToString());
        Assert.That(end.Output, Is.EquivalentTo(new[] { "rank 0 of 2", "rank 1 of 2" }));
        Assert.That(job.Living(), Is.Empty);
    }

    [Test]
    public void Processes_KilledAndStopped_AreSeenAsSuch()
    {
        using RankJob job = RankJob.Start(new RankLaunch(RankLauncher.Processes, 2, "exit", "none", "never"));
        job.AwaitAll("ready");
        job.Signal(0, RankJob.Stop);
        job.Signal(1, RankJob.Kill);

        Assert.That(job.AwaitOrphans(TimeSpan.FromSeconds(5), 0), Is.Empty);
        Assert.That(job.Living(), Is.EqualTo(new[] { 0 }), "A stopped process is still there.");
        job.Signal(0, RankJob.Kill);
        Assert.That(job.WaitForEnd(TimeSpan.FromSeconds(10)).RankExitCodes, Is.EqualTo(new[] { 137, 137 }));
    }

    [TestCase(RankLauncher.OpenMpi)]
    [TestCase(RankLauncher.Mpich)]
    public void Launcher_TellsEachRankItsNumber(RankLauncher launcher)
    {
        using RankJob job = RankJob.Start(new RankLaunch(launcher, 3, "exit", "none", "0", "0"));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromSeconds(30));

        Assert.That(end.Output, Is.EquivalentTo(new[] { "rank 0 of 3", "rank 1 of 3", "rank 2 of 3" }), end.ToString());
        Assert.That(end.ExitCode, Is.Zero, end.ToString());
    }

    [TestCase(RankLauncher.OpenMpi)]
    [TestCase(RankLauncher.Mpich)]
    public void Launcher_EndsWithAFailure_IfARankDoes(RankLauncher launcher)
    {
        // nothing is said of the output: the launcher may stop the others before they write
        using RankJob job = RankJob.Start(new RankLaunch(launcher, 3, "exit", "none", "0", "1"));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromSeconds(30));

        Assert.That(end.ExitCode, Is.Not.Zero, end.ToString());
    }
}
