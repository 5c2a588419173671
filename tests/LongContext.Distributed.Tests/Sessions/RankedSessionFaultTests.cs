using System.Globalization;
using LongContext.Communication;
using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Sessions;

/// <summary>A session's worker is killed, or was started otherwise: every rank ends soon, says why, and leaves no process behind.</summary>
[TestFixture]
internal sealed class RankedSessionFaultTests
{
    private const int Ranks = 3;
    private const double Deadline = 3;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(Deadline + 5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public void Killed_AWorkerOverTcp_EndsRankZerosRequestsWithTheCause()
    {
        RankJobResult end = KillWorker(ForEver(RankLauncher.Processes, FaultAction.ThrowOnly));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 0, 137, 0 }), end.ToString());
        AssertThrown(end);
    }

    [Test]
    public void Killed_AWorkerOverTcp_EndsEveryProcessWith75()
    {
        RankJobResult end = KillWorker(ForEver(RankLauncher.Processes, FaultAction.EndProcess));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 137, 75 }), end.ToString());
        AssertReports(end, [0, 2], "rank 1", 75);
    }

    [Test]
    public void Killed_AWorkerUnderALauncher_LeavesNoOrphanAndNoSuccess([Values(RankLauncher.OpenMpi, RankLauncher.Mpich)] RankLauncher launcher)
    {
        RankJobResult end = KillWorker(ForEver(launcher, FaultAction.EndProcess));

        Assert.That(end.ExitCode, Is.Not.Zero, end.ToString());
    }

    [Test]
    public void Killed_AWorkerThatTheLauncherDoesNotMiss_EndsEveryProcessWith75()
    {
        RankJobResult end = KillWorker(ForEver(RankLauncher.OpenMpi, FaultAction.EndProcess) with { LauncherOptions = ["--enable-recovery"] });

        AssertReports(end, [0, 2], "rank 1", 75);
    }

    [Test]
    public void Killed_AWorkerThatTheLauncherDoesNotMiss_EndsRankZerosRequestsWithTheCause()
    {
        RankJobResult end = KillWorker(ForEver(RankLauncher.OpenMpi, FaultAction.ThrowOnly) with { LauncherOptions = ["--enable-recovery"] });

        AssertThrown(end);
    }

    [TestCase(RankLauncher.Processes, "chunk", "chunk size is '64' on rank 0", "'128' on rank 2")]
    [TestCase(RankLauncher.Processes, "attention", "attention method is 'RingZigzag' on rank 0", "'Ring' on rank 2")]
    [TestCase(RankLauncher.Processes, "model", "model (hash of its configuration and tensor table) is '", "' on rank 2")]
    [TestCase(RankLauncher.OpenMpi, "attention", "attention method is 'RingZigzag' on rank 0", "'Ring' on rank 2")]
    [TestCase(RankLauncher.Mpich, "chunk", "chunk size is '64' on rank 0", "'128' on rank 2")]
    public void StartedOtherwise_OneWorker_EndsAllWith78AndBothValues(RankLauncher launcher, string what, string first, string second)
    {
        using RankJob job = RankJob.Start(
            Launch(launcher, "session-last-differs", what, SessionModel.CopyWithOtherEpsilon(Path.Combine(TestContext.CurrentContext.WorkDirectory, "other-model"))));
        RankJobResult end = job.WaitForEnd(Patience);

        Assert.That(end.ExitCode, Is.EqualTo(78), end.ToString());
        Assert.That(end.Reports, Has.Some.Contains(first).And.Contains(second), end.ToString());
        Assert.That(end.RankExitCodes, Is.All.EqualTo(78), end.ToString());
        Assert.That(job.AwaitOrphans(Patience), Is.Empty);
    }

    private static RankLaunch ForEver(RankLauncher launcher, FaultAction onFault) =>
        Launch(launcher, "session-generates-for-ever", Deadline.ToString(CultureInfo.InvariantCulture), onFault.ToString());

    private static RankLaunch Launch(RankLauncher launcher, string scenario, params string[] more) =>
        new(launcher, Ranks, scenario, launcher == RankLauncher.Processes ? "tcp" : "mpi", [SessionModel.Path, .. more]);

    /// <summary>Kills rank 1 in the middle of a generation.</summary>
    private static RankJobResult KillWorker(RankLaunch launch)
    {
        using RankJob job = RankJob.Start(launch);
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Kill);
        RankJobResult end = job.WaitForEnd(Patience);
        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        Assert.That(job.AwaitOrphans(TimeSpan.FromSeconds(2 * Deadline)), Is.Empty, end.ToString());
        return end;
    }

    private static void AssertThrown(RankJobResult end)
    {
        Assert.That(end.Output, Has.Exactly(1).StartsWith("rank 0 threw: ").And.Contains("rank 1").IgnoreCase, end.ToString());
        Assert.That(end.Output, Has.Exactly(1).StartsWith("rank 2 threw: ").And.Contains("rank 1").IgnoreCase, end.ToString());
    }

    private static void AssertReports(RankJobResult end, int[] ranks, string what, int code)
    {
        foreach (int rank in ranks)
        {
            Assert.That(
                end.Reports.Where(l => l.Contains($"longcontext: rank {rank} of {Ranks}", StringComparison.Ordinal)),
                Has.Exactly(1).Contains(what).And.Contains($"; exit {code}"), end.ToString());
        }
    }
}
