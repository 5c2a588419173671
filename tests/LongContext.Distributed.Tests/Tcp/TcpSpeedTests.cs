using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

/// <summary>Figures, not laws: run by name on a quiet machine.</summary>
[TestFixture]
[Explicit("Prints latency and bandwidth between two processes over loopback.")]
internal sealed class TcpSpeedTests
{
    [Test]
    public void Messages_BetweenTwoProcesses_TakeSoLong()
    {
        using RankJob job = RankJob.Start(new RankLaunch(RankLauncher.Processes, 2, "speed", "tcp"));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromMinutes(3));

        TestContext.Out.WriteLine(string.Join("\n", end.Output));
        Assert.That(end.ExitCode, Is.Zero, end.ToString());
    }
}
