using System.Globalization;
using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

/// <summary>What ends a job, under each launcher: soon, with a line that says what happened, the right exit code, and no process left behind.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)] // mostly they wait for deadlines
internal sealed class MpiFaultTests
{
    private const double Deadline = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(Deadline + 5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly RankLauncher[] Launchers = [RankLauncher.OpenMpi, RankLauncher.Mpich];

    [TestCase(RankLauncher.OpenMpi, "gather")]
    [TestCase(RankLauncher.OpenMpi, "ring")]
    [TestCase(RankLauncher.Mpich, "gather")]
    [TestCase(RankLauncher.Mpich, "reduce")]
    public void Stopped_OneRank_AllOthersNameItAndEndWith75(RankLauncher launcher, string operation)
    {
        using RankJob job = RankJob.Start(Launch(launcher, "exchange-for-ever", Deadline, operation));
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Stop);
        RankJobResult end = job.WaitForEnd(Patience);

        Assert.That(end.ExitCode, Is.EqualTo(75), end.ToString());
        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        AssertReports(end, [0, 2], "no answer from rank 1 within 2 s", 75);
        Assert.That(end.Reports, Has.Some.Contains("layer 17, step 812").And.Contains("exit 75"), end.ToString());
        Assert.That(job.AwaitOrphans(2 * Soon), Is.Empty);
    }

    [Test]
    public void Killed_OneRank_LeavesNoOrphanAndNoSuccess([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        // The launcher sees it and ends the others before any deadline.
        using RankJob job = RankJob.Start(Launch(launcher, "exchange-for-ever", Deadline, "gather"));
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Kill);
        RankJobResult end = job.WaitForEnd(Patience);

        Assert.That(end.ExitCode, Is.Not.Zero, end.ToString());
        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        Assert.That(job.AwaitOrphans(TimeSpan.FromSeconds(2 * Deadline)), Is.Empty);
    }

    [Test]
    public void Killed_OneRankThatTheLauncherDoesNotMiss_AllOthersNameItAndEndWith75([Values("gather", "reduce")] string operation)
    {
        // Open MPI can be told to leave the survivors alone; its own exit code then says nothing, theirs do.
        RankLaunch launch = Launch(RankLauncher.OpenMpi, "exchange-for-ever", Deadline, operation) with { LauncherOptions = ["--enable-recovery"] };
        using RankJob job = RankJob.Start(launch);
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Kill);
        RankJobResult end = job.WaitForEnd(Patience);

        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        AssertReports(end, [0, 2], "rank 1", 75);
        Assert.That(job.AwaitOrphans(TimeSpan.FromSeconds(2 * Deadline)), Is.Empty);
    }

    [Test]
    public void Terminated_ARankThatWaits_SaysForWhomAndEndsWith75([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        // .NET itself leaves this signal to the operating system: the rank would be gone without a word.
        using RankJob job = RankJob.Start(Launch(launcher, "last-never-comes", 20));
        job.AwaitAll("ready");
        Thread.Sleep(500); // from there it is a moment to the wait
        job.Signal(0, RankJob.Terminate);
        RankJobResult end = job.WaitForEnd(Patience);

        // MPICH's launcher kills its ranks when it hears of the abort, and may then have seen that signal and not the rank's own code.
        Assert.That(end.ExitCode, launcher == RankLauncher.Mpich ? Is.EqualTo(75).Or.EqualTo(RankJob.Kill) : Is.EqualTo(75), end.ToString());
        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        Assert.That(
            end.Reports,
            Has.Some.StartsWith("longcontext: rank 0 of 3").And.Contains("was ended waiting for rank 2").And
                .Contains("layer 17, step 812").And.EndsWith("exit 75"),
            end.ToString());
        Assert.That(job.AwaitOrphans(Soon), Is.Empty);
    }

    [Test]
    public void Terminated_ARankThatIsOnItsWayOut_KeepsItsCode([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        // Nobody answers the stopped rank's peers, so that their ends take their time; the signal comes in the middle.
        using RankJob job = RankJob.Start(Launch(launcher, "exchange-for-ever", Deadline, "gather") with { KeepsEnds = true });
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Stop);
        while (!job.ErrorOf(0).Contains("exit 75", StringComparison.Ordinal))
        {
            Assert.That(job.Elapsed, Is.LessThan(Soon), job.ErrorOf(0));
            Thread.Sleep(1);
        }

        job.Signal(0, RankJob.Terminate);
        RankEnd? end = job.AwaitEnds(Soon, 0)[0];

        Assert.That(end?.ExitCode, Is.EqualTo(75), end?.ToString());
        Assert.That(end!.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1.8)), "It does not wait for MPI_Abort any more, which has 2 s. " + end);
    }

    [Test]
    public void Killed_TheLauncher_RanksEndThemselves([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        // With a deadline far away: a rank sees that its parent is gone.
        using RankJob job = RankJob.Start(Launch(launcher, "exchange-for-ever", 60, "barrier"));
        job.AwaitAll("ready");
        job.SignalLauncher(RankJob.Kill);

        Assert.That(job.AwaitOrphans(Soon), Is.Empty, job.Text());
    }

    [Test]
    public void Late_OneRank_IsToldTooAndAllEndWith75([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "last-never-comes", Deadline));

        Assert.That(end.ExitCode, Is.EqualTo(75), end.ToString());
        AssertReports(end, [0, 1, 2], "no answer from rank 2 within 2 s", 75);
        Assert.That(end.Reports, Has.Some.Contains("answers when asked, and waits for nobody"), end.ToString());
        Assert.That(end.Error, Has.Some.Contains("has waited 1 s for rank 2"), "The warning comes before the end.");
    }

    [Test]
    public void Start_WithoutOneRank_EndsSoonWith75([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "last-never-starts", 20));

        Assert.That(end.ExitCode, Is.Not.Zero, end.ToString()); // MPICH's tells of the absent rank, which it kills
        Assert.That(end.Reports, Has.Some.Contains("within 2 s").And.Contains("exit 75"), end.ToString());
        Assert.That(end.Elapsed, Is.LessThan(TimeSpan.FromSeconds(2 + 5 + 5)), end.ToString());
    }

    [Test]
    public void Mismatch_OfFacts_EndsAllWith78AndBothValues([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "last-differs", 20, "model"));

        Assert.That(end.ExitCode, Is.EqualTo(78), end.ToString());
        Assert.That(end.Reports, Has.Some.Contains("model is 'c0ffee' on rank 0, but 'decade' on rank 2; exit 78"), end.ToString());
    }

    [Test]
    public void Mismatch_OfOptions_EndsAllWith78AndBothValues([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "last-differs", 20, "deadline"));

        Assert.That(end.ExitCode, Is.EqualTo(78), end.ToString());
        Assert.That(end.Reports, Has.Some.Contains("OperationDeadline is '20 s' on rank").And.Contains("but '99 s' on rank 2"), end.ToString());
    }

    [Test]
    public void Exit_WithAnOpenCommunicator_IsNoSuccess([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "last-forgets-to-close", 20));

        Assert.That(end.ExitCode, Is.EqualTo(70), end.ToString());
        Assert.That(end.Reports, Has.Some.Contains("rank 2 of 3").And.Contains("ended without closing its communicator; exit 70"), end.ToString());
    }

    [Test]
    public void Exception_ThatNothingCatches_EndsTheJob([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "last-throws", 20));

        Assert.That(end.ExitCode, Is.EqualTo(70), end.ToString());
        Assert.That(end.Error, Has.Some.Contains("out of memory, say"), end.ToString());
        Assert.That(end.Reports, Has.Some.Contains("rank 2 of 3").And.Contains("exit 70"), end.ToString());
    }

    [Test]
    public void Library_OfTheOtherMpi_IsRefusedWith78([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        string other = launcher == RankLauncher.OpenMpi ? "libmpich.so.12" : "libmpi.so.40";
        Assume.That(RankJob.LauncherPath(RankLauncher.OpenMpi), Does.Exist);
        Assume.That(RankJob.LauncherPath(RankLauncher.Mpich), Does.Exist);
        RankLaunch launch = Launch(launcher, "tell-info", 20) with { Environment = new Dictionary<string, string> { ["LONGCONTEXT_MPI"] = other } };
        RankJobResult end = Run(launch);

        Assert.That(end.ExitCode, Is.EqualTo(78), end.ToString());
        Assert.That(
            end.Reports,
            Has.Some.Contains(launcher == RankLauncher.OpenMpi ? "OpenMpi" : "Pmi").And.Contains("started 3 ranks").And.Contains(other).And.Contains("sees 1"),
            end.ToString());
        Assert.That(end.Output, Is.Empty, "No rank may believe that it is alone.");
    }

    [Test]
    public void Signals_ThatDotNetLivesBy_AreLeftToIt([ValueSource(nameof(Launchers))] RankLauncher launcher)
    {
        RankJobResult end = Run(Launch(launcher, "survive-signals", 20));

        Assert.That(end.ExitCode, Is.Zero, end.ToString());
        Assert.That(end.Output, Is.EquivalentTo(Enumerable.Range(0, 3).Select(r => $"rank {r}: 1000 caught, child 0")), end.ToString());
    }

    private static RankLaunch Launch(RankLauncher launcher, string scenario, double deadline, params string[] more) =>
        new(launcher, 3, scenario, "mpi", [deadline.ToString(CultureInfo.InvariantCulture), .. more]);

    private static RankJobResult Run(RankLaunch launch)
    {
        using RankJob job = RankJob.Start(launch);
        RankJobResult end = job.WaitForEnd(Patience);
        Assert.That(job.AwaitOrphans(Patience + TimeSpan.FromSeconds(5)), Is.Empty, end.ToString());
        return end;
    }

    /// <summary>Each rank left one line, which names it and says what happened.</summary>
    private static void AssertReports(RankJobResult end, int[] ranks, string what, int code)
    {
        foreach (int rank in ranks)
        {
            Assert.That(
                end.Reports.Where(l => l.Contains($"longcontext: rank {rank} of 3", StringComparison.Ordinal)),
                Has.Exactly(1).Contains(what).And.Contains($"; exit {code}"), end.ToString());
        }
    }
}
