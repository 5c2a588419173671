using LongContext.Distributed.Tests.Ranks;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

/// <summary>The communicators' suite under each launcher; a job runs the tests for its number of ranks.</summary>
[TestFixture]
internal sealed class MpiCommunicatorConformanceTests
{
    [Test]
    public void Suite_OverMpi_Passes([Values(RankLauncher.OpenMpi, RankLauncher.Mpich)] RankLauncher launcher, [Values(1, 2, 3, 4)] int size)
    {
        ConformanceJob.Run(new RankLaunch(launcher, size, "conformance", "mpi"), TimeSpan.FromMinutes(5));
    }
}
