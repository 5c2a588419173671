using System.Globalization;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>Ranks that use no transport: write a line, wait for ever if asked to, else end with a code. Tests the rig itself.</summary>
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

        return int.Parse(run.Arguments[0], CultureInfo.InvariantCulture) + run.Place.Rank;
    }
}
