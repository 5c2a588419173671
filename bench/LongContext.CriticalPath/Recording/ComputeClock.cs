using System.Diagnostics;

namespace LongContext.CriticalPath.Recording;

/// <summary>What computing is measured by.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Seconds">Reads it.</param>
internal sealed record ComputeClock(string Name, Func<double> Seconds)
{
    /// <summary>The clock on the wall: right where nothing else runs on the machine.</summary>
    internal static ComputeClock Wall { get; } = new("wall", () => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency);

    /// <summary>Processor time of this process: for ranks of one thread, of which one computes at a time, beside other work.</summary>
    internal static ComputeClock Processor { get; } = new("processor", () => Environment.CpuUsage.TotalTime.TotalSeconds);
}
