using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Runs the communicators' conformance suite in every rank process; each tells the test how it went.</summary>
internal static class ConformanceScenario
{
    private const string ResultMark = "conformance";

    internal static int Run(RankRun run)
    {
        RankConformance.InThisProcess = run;
        NUnitTestAssemblyRunner runner = new(new DefaultTestAssemblyBuilder());
        runner.Load(typeof(RankConformance).Assembly, new Dictionary<string, object> { ["NumberOfTestWorkers"] = 0 });
        Progress progress = new(run.Place);
        runner.Run(progress, TestFilter.FromXml($"<filter><class>{typeof(RankConformance).FullName}</class></filter>"));
        run.Place.Mark(ResultMark, JsonSerializer.Serialize(progress.Results));
        return progress.Results.Exists(r => r.Status == TestStatus.Failed) ? 1 : 0;
    }

    /// <summary>What one rank of a job that has ended found; fails if it did not come to the end.</summary>
    internal static IReadOnlyList<ConformanceResult> ReadResults(RankPlace place, int rank) =>
        JsonSerializer.Deserialize<List<ConformanceResult>>(place.Await(rank, ResultMark, TimeSpan.Zero))!;

    private sealed class Progress(RankPlace place) : ITestListener
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();

        internal List<ConformanceResult> Results { get; } = [];

        public void TestStarted(ITest test)
        {
            if (!test.IsSuite)
            {
                place.Mark("test", test.Name); // a job that hangs says where
            }
        }

        public void TestFinished(ITestResult result)
        {
            if (!result.Test.IsSuite)
            {
                Results.Add(new ConformanceResult(result.Test.Name, result.ResultState.Status, result.Message, _watch.Elapsed.TotalSeconds));
                _watch.Restart();
            }
        }

        public void TestOutput(TestOutput output)
        {
        }

        public void SendMessage(TestMessage message)
        {
        }
    }
}
