using System.Globalization;

namespace LongContext.Distributed.Tests.Ranks;

/// <summary>The program that a test starts as a rank: this assembly, run as a program. Arguments: scenario, transport, and the scenario's own.</summary>
internal static class RankProgram
{
    internal static int Main(string[] arguments)
    {
        if (RankPlace.Current() is not { } place || arguments.Length < 2)
        {
            Console.Error.WriteLine("Tests start this program as a rank; it does nothing else.");
            return 64;
        }

        place.Mark("pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return RankScenarios.All[arguments[0]](new RankRun(place, arguments[1], arguments[2..]));
    }
}
