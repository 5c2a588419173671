using System.Diagnostics;
using System.Globalization;
using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Ranks on several hosts, and a link that is cut: no packet says so. Each rank, the cut-off one too, ends itself by its deadline.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class LinkCutTests
{
    private const double Deadline = 2;

    [TestCase("gather")]
    [TestCase("ring")]
    public void Cut_TheLinkOfOneRank_EveryRankEndsByItsDeadline_AndNoneIsLeft(string operation)
    {
        using NetworkNamespaces network = new(3);
        RankLaunch launch = new(RankLauncher.Processes, 3, "exchange-for-ever", "tcp", Deadline.ToString(CultureInfo.InvariantCulture), operation)
        {
            Environment = new Dictionary<string, string>
            {
                [TcpTransport.HostVariable] = NetworkNamespaces.Address(0),
                [TcpTransport.NamespaceVariable] = network.Name,
            },
        };
        using RankJob job = RankJob.Start(launch);
        job.AwaitAll("ready");
        Stopwatch watch = Stopwatch.StartNew();
        network.Cut(2);
        RankJobResult end = job.WaitForEnd(TimeSpan.FromSeconds(60));

        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(Deadline + 5)), end.ToString());
        Assert.That(end.RankExitCodes, Is.EqualTo(new[] { 75, 75, 75 }), end.ToString());
        string[] last = [.. end.Reports.Where(r => r.EndsWith("; exit 75", StringComparison.Ordinal))];
        Assert.That(last, Has.Length.EqualTo(3), end.ToString());
        Assert.That(last, Has.All.Contains("layer 17, step 812").And.All.Contains("no answer from rank"), end.ToString());
        Assert.That(last, Has.Exactly(2).Contains("no answer from rank 2"), end.ToString());
        Assert.That(job.Living(), Is.Empty, "No orphan.");
    }

    [Test]
    public void Listening_WhileRanksRun_IsOnlyOnTheAddressesOfTheRanks()
    {
        using NetworkNamespaces network = new(2);
        RankLaunch launch = new(RankLauncher.Processes, 2, "exchange-for-ever", "tcp", "20", "gather")
        {
            Environment = new Dictionary<string, string>
            {
                [TcpTransport.HostVariable] = "127.0.0.1", // where the other rank cannot come to: the start goes on as long as the test looks
                [TcpTransport.NamespaceVariable] = network.Name,
            },
        };
        using RankJob job = RankJob.Start(launch);
        string[] listening = [];
        for (Stopwatch watch = Stopwatch.StartNew(); listening.Length == 0 && watch.Elapsed < TimeSpan.FromSeconds(20); Thread.Sleep(20))
        {
            listening = network.Listening(0);
        }

        Assert.That(listening, Has.Length.EqualTo(1).And.All.StartsWith("127.0.0.1:"), job.Text());
    }
}
