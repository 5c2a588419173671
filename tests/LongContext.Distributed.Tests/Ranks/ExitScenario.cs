using System.Globalization;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Ranks that use no transport: write a line, wait for ever if asked to, else end with a code (the first rank's, and the step from rank to rank, 1 if not given). Tests the rig itself.</summary>
internal static class ExitScenario
{
    internal static int Run(RankRun run)
    {
        Console.WriteLine($"rank {run.Place.Rank} of {run.Place.Size}");
        run.Place.Mark("ready");
        if (run.Arguments[0] == "never")
        {
            Thread.Sleep(Timeout.Infinite);
        }

        int first = int.Parse(run.Arguments[0], CultureInfo.InvariantCulture);
        int step = run.Arguments.Count > 1 ? int.Parse(run.Arguments[1], CultureInfo.InvariantCulture) : 1;
        return first + (step * run.Place.Rank);
    }
}
