using System.Globalization;
using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

/// <summary>Ranks on several hosts, and a link that is cut: no packet says so, and launchers wait for ever. Each rank, the cut-off one too, ends itself by its deadline.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class MpiLinkCutTests
{
    private const int Hosts = 3;
    private const double Deadline = 2;

    [TestCase(RankLauncher.OpenMpi, "gather")]
    [TestCase(RankLauncher.OpenMpi, "ring")]
    [TestCase(RankLauncher.Mpich, "gather")]
    [TestCase(RankLauncher.Mpich, "ring")]
    public void Cut_TheLinkOfOneRank_EveryRankEndsByItsDeadline_AndNoneIsLeft(RankLauncher launcher, string operation)
    {
        _ = RankJob.LauncherPath(launcher);
        using NetworkNamespaces network = new(Hosts);
        using RankJob job = RankJob.Start(Launch(launcher, network, operation));
        job.AwaitAll("ready");
        job.RestartTime();
        network.Cut(Hosts - 1);
        RankEnd?[] ends = job.AwaitEnds(TimeSpan.FromSeconds(Deadline + 5));

        string all = string.Join(Environment.NewLine, ends.Select((e, rank) => $"rank {rank}: {e?.ToString() ?? job.ErrorOf(rank)}")) + Environment.NewLine + job.Text();
        Assert.That(ends.Select(e => e?.ExitCode), Is.All.EqualTo(75), all);
        for (int rank = 0; rank < Hosts; rank++)
        {
            Assert.That(ends[rank]!.Report, Does.StartWith($"longcontext: rank {rank} (host {network.Name}{rank}) of {Hosts}"), all);
            Assert.That(ends[rank]!.Report, Does.EndWith("; exit 75").And.Contain("layer 17, step 812"), all);
            Assert.That(ends[rank]!.Report, Does.Contain(rank == Hosts - 1 ? "no answer from rank" : "no answer from rank 2"), all);
        }

        Assert.That(job.Living(), Is.Empty, "No orphan.");
        job.EndLauncher(); // Open MPI's waits for ever for the daemon that it cannot reach
    }

    private static RankLaunch Launch(RankLauncher launcher, NetworkNamespaces network, string operation)
    {
        string agent = network.RemoteShell();
        string hosts = string.Join(",", Enumerable.Range(0, Hosts).Select(h => NetworkNamespaces.Address(h)));
        return new RankLaunch(launcher, Hosts, "exchange-for-ever", "mpi", Deadline.ToString(CultureInfo.InvariantCulture), operation)
        {
            KeepsEnds = true,
            LauncherPrefix = network.On(0),
            LauncherOptions = launcher == RankLauncher.OpenMpi
                ?
                [
                    "--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self", "--mca", "pml", "ob1",
                    "--mca", "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include", "eth0", "--host", hosts,
                ]
                : ["-launcher", "rsh", "-launcher-exec", agent, "-iface", "eth0", "-hosts", hosts],
            Environment = new Dictionary<string, string> { ["UCX_TLS"] = "tcp,self" }, // or messages go through memory that the hosts share here
        };
    }
}
