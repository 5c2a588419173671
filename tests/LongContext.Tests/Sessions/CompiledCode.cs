using System.Diagnostics;
using System.Runtime;

namespace LongContext.Tests.Sessions;

/// <summary>What the just-in-time compiler does beside a measurement: its time and memory are the process's, not the session's.</summary>
/// <remarks>The test host's first report of progress alone compiles 1,800 methods and loads libcrypto (14 MB), seconds after the tests began.</remarks>
internal static class CompiledCode
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until nothing has been compiled for three seconds, a minute at most: two of the test host's reports fit into three seconds.</summary>
    internal static async Task Settle()
    {
        Stopwatch time = Stopwatch.StartNew();
        for (long compiled = -1; JitInfo.GetCompiledMethodCount() != compiled && time.Elapsed < Limit;)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            await Task.Delay(TimeSpan.FromSeconds(3));
        }
    }
}
