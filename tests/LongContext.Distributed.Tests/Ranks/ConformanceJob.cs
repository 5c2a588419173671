using NUnit.Framework;
using NUnit.Framework.Interfaces;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Runs the suite in a job of rank processes and fails with what any rank found.</summary>
internal static class ConformanceJob
{
    internal static void Run(RankLaunch launch, TimeSpan patience)
    {
        using RankJob job = RankJob.Start(launch);
        RankJobResult end = job.WaitForEnd(patience);
        List<string> failures = [];
        int passed = 0;
        for (int rank = 0; rank < launch.Size; rank++)
        {
            Assert.That(File.Exists(job.Place.FileOf(rank, "conformance")), Is.True, $"Rank {rank} did not come to the end of the suite.\n{end}");
            IReadOnlyList<ConformanceResult> results = ConformanceScenario.ReadResults(job.Place, rank);
            failures.AddRange(results.Where(r => r.Status == TestStatus.Failed).Select(r => $"rank {rank}: {r.Name}: {r.Message}"));
            passed = results.Count(r => r.Status == TestStatus.Passed);
            if (rank == 0)
            {
                TestContext.Out.WriteLine($"{passed} passed, {end.Elapsed.TotalSeconds:0.0} s");
                foreach (ConformanceResult slow in results.OrderByDescending(r => r.Seconds).Take(5))
                {
                    TestContext.Out.WriteLine($"{slow.Seconds:0.00} s {slow.Name}");
                }
            }
        }

        Assert.That(failures, Is.Empty, string.Join("\n", failures.Take(10)) + "\n" + end);
        Assert.That(passed, Is.GreaterThan(10), "Too few tests for this number of ranks.");
        Assert.That(end.ExitCode, Is.Zero, end.ToString());
    }
}
