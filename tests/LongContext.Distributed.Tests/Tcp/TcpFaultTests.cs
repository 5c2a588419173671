using System.Globalization;
using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>What ends ranks that are plain processes: soon, with a line that names rank and operation, the right exit code, and no process left behind.</summary>
[TestFixture]
internal sealed class TcpFaultTests
{
    private const int Ranks = 3;
    private const int Continue = 18;
    private const double Deadline = 1.5;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(Deadline + 5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [TestCase("gather")]
    [TestCase("reduce")]
    [TestCase("ring")]
    [TestCase("barrier")]
    public void Killed_OneRank_TheOthersNameItAtOnce(string operation)
    {
        // With a deadline far away: the connection says it.
        using RankJob job = RankJob.Start(Launch("exchange-for-ever", 60, operation));
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Kill);
        RankJobResult end = job.WaitForEnd(Patience);

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 137, 75 }), end.ToString());
        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        AssertReports(end, [0, 2], "rank 1", 75);
        Assert.That(end.Reports.Where(r => r.Contains("; exit")), Has.All.Contains("layer 17, step 812"), end.ToString());
    }

    [TestCase("gather")]
    [TestCase("reduce")]
    [TestCase("ring")]
    public void Stopped_OneRank_TheOthersNameItAtTheDeadline_AndItEndsOnceItRuns(string operation)
    {
        using RankJob job = RankJob.Start(Launch("exchange-for-ever", Deadline, operation));
        job.AwaitAll("ready");
        job.Signal(1, RankJob.Stop);

        Assert.That(job.AwaitOrphans(Soon, 1), Is.Empty, job.Text());
        Assert.That(job.Living(), Is.EqualTo(new[] { 1 }), "A stopped process is still there.");
        job.Signal(1, Continue);
        RankJobResult end = job.WaitForEnd(Patience);
        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 75, 75 }), end.ToString());
        Assert.That(end.Elapsed, Is.LessThan(Soon), end.ToString());
        AssertReports(end, [0, 2], "no answer from rank 1", 75);
        Assert.That(end.Reports, Has.Some.Contains("layer 17, step 812"), end.ToString());
    }

    [Test]
    public void Late_OneRank_IsToldTooAndAllEndWith75()
    {
        RankJobResult end = Run(Launch("last-never-comes", Deadline));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 75, 75 }), end.ToString());
        AssertReports(end, [0, 1, 2], "no answer from rank 2", 75);
    }

    [TestCase("model", "'c0ffee' on rank 0", "'decade' on rank 2")]
    [TestCase("deadline", "OperationDeadline is '00:00:01.5000000' on rank 0", "'00:01:39' on rank 2")]
    public void Differing_OneRank_EndsAllWith78AndBothValues(string what, string first, string second)
    {
        RankJobResult end = Run(Launch("last-differs", Deadline, what));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 78, 78, 78 }), end.ToString());
        AssertReports(end, [0, 1, 2], first, 78);
        AssertReports(end, [0, 1, 2], second, 78);
    }

    [TestCase("size", "Size is '3' on rank 0", "'4' on rank 2")]
    [TestCase("checksums", "Agreement is 'Headers' on rank 0", "'HeadersAndChecksums' on rank 2")]
    [TestCase("rank", "ank 1 has connected to rank 0 twice", "give each process its own rank")]
    public void StartedDifferently_OneRank_EndsAllWith78AndBothValues(string odd, string first, string second)
    {
        RankJobResult end = Run(Odd("last-never-comes", odd));

        Assert.That(end.RankExitCodes, Is.All.AnyOf(78, 75), end.ToString());
        Assert.That(end.RankExitCodes[0], Is.EqualTo(78), end.ToString());
        Assert.That(end.Reports, Has.Some.Contains(first).And.Contains(second), end.ToString());
    }

    [TestCase("secret")]
    [TestCase("no-secret")]
    public void Secret_OfOneRankIsAnother_TheRankEndsWith78AndTheOthersWith75(string odd)
    {
        // A stranger must not end the ranks: they wait for the one that never comes, and say that there was a stranger.
        RankJobResult end = Run(Odd("last-never-comes", odd, startDeadline: 3));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 75, 78 }), end.ToString());
        AssertReports(end, [0, 1], "rank 2 of 3 has not come to rank 0 within 3 s; 1 connection", 75);
        AssertReports(end, [2], "do not know the same secret", 78);
    }

    [Test]
    public void Forgotten_ToDispose_OneRank_EndsWith70AndTheOthersWith75()
    {
        RankJobResult end = Run(Launch("last-forgets-to-close", Deadline));

        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 75, 70 }), end.ToString());
        AssertReports(end, [0, 1], "rank 2", 75);
        AssertReports(end, [2], "without disposing its communicator", 70);
    }

    [Test]
    public void Thrown_OnOneRank_EndsTheOthersWith75()
    {
        RankJobResult end = Run(Launch("last-throws", 60));

        Assert.That(end.RankExitCodes.Take(2), Is.All.EqualTo(75), end.ToString());
        Assert.That(end.RankExitCodes[2], Is.Not.Zero);
        AssertReports(end, [0, 1], "rank 2", 75);
    }

    [Test]
    public void Processes_RunTheConformanceSuite()
    {
        ConformanceJob.Run(Launch("conformance", Deadline) with { Size = 2 }, TimeSpan.FromMinutes(5));
    }

    private static RankJobResult Run(RankLaunch launch)
    {
        using RankJob job = RankJob.Start(launch);
        RankJobResult end = job.WaitForEnd(Patience);
        Assert.That(job.Living(), Is.Empty);
        return end;
    }

    private static RankLaunch Odd(string scenario, string odd, int startDeadline = 30) => Launch(scenario, Deadline) with
    {
        Environment = new Dictionary<string, string>
        {
            [TcpTransport.OddVariable] = odd,
            [TcpTransport.StartVariable] = startDeadline.ToString(CultureInfo.InvariantCulture),
        },
    };

    private static RankLaunch Launch(string scenario, double deadline, params string[] arguments) => new(
        RankLauncher.Processes, Ranks, scenario, "tcp", [deadline.ToString(CultureInfo.InvariantCulture), .. arguments]);

    private static void AssertReports(RankJobResult end, int[] ranks, string says, int code)
    {
        foreach (int rank in ranks)
        {
            Assert.That(
                end.Reports,
                Has.Exactly(1).Contains($"longcontext: rank {rank} of {Ranks}").And.Contains(says).IgnoreCase.And.EndsWith($"; exit {code}"),
                end.ToString());
        }
    }
}
