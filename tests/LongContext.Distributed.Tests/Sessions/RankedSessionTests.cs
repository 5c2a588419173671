using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Sessions;

/// <summary>A session whose ranks are processes says what a session of one rank says: logits, greedy tokens, several requests at once, some cancelled.</summary>
[TestFixture]
internal sealed class RankedSessionTests
{
    [TestCase(RankLauncher.OpenMpi, 4, "mpi")]
    [TestCase(RankLauncher.Mpich, 4, "mpi")]
    [TestCase(RankLauncher.Processes, 3, "tcp")]
    public void Session_OverProcesses_EqualsOneRank(RankLauncher launcher, int ranks, string transport)
    {
        using RankJob job = RankJob.Start(new RankLaunch(launcher, ranks, "session-equals-one-rank", transport, SessionModel.Path));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromMinutes(5));
        TestContext.Out.WriteLine(end);

        Assert.That(end.ExitCode, Is.Zero, end.ToString());
        foreach (AttentionMethod method in SessionModel.ExactMethods)
        {
            Assert.That(end.Output, Has.Exactly(1).StartsWith($"{method} equals one rank: 106 rows within "), end.ToString());
        }

        Assert.That(SessionModel.ExactMethods, Is.EquivalentTo(new[] { AttentionMethod.Ring, AttentionMethod.RingZigzag, AttentionMethod.Ulysses, AttentionMethod.Usp }));
        Assert.That(job.AwaitOrphans(end.Elapsed + TimeSpan.FromSeconds(5)), Is.Empty);
    }

    [TestCase(RankLauncher.OpenMpi, 4, "mpi")]
    [TestCase(RankLauncher.Mpich, 4, "mpi")]
    [TestCase(RankLauncher.Processes, 3, "tcp")]
    public void Session_ThatReadsInBlocksOverProcesses_EqualsOneMachine(RankLauncher launcher, int ranks, string transport)
    {
        using RankJob job = RankJob.Start(new RankLaunch(launcher, ranks, "session-blocks-equal-one-machine", transport, SessionModel.Path));
        RankJobResult end = job.WaitForEnd(TimeSpan.FromMinutes(5));
        TestContext.Out.WriteLine(end);

        Assert.That(end.ExitCode, Is.Zero, end.ToString());
        foreach (string name in (string[])[$"Star of {ranks}", $"Apb of {ranks}", $"Apb of {2 * ranks}"])
        {
            Assert.That(end.Output, Has.Exactly(1).StartsWith($"{name} blocks equals one rank: 106 rows within "), end.ToString());
        }

        Assert.That(job.AwaitOrphans(end.Elapsed + TimeSpan.FromSeconds(5)), Is.Empty);
    }
}
