namespace LongContext.Tests.Tokenization;

/// <summary>Processor time this process has used since a moment: unlike the clock, it does not depend on what else the machine does.</summary>
internal readonly struct CpuTime
{
    private readonly TimeSpan _start;

    private CpuTime(TimeSpan start) => _start = start;

    internal double Seconds => (Environment.CpuUsage.TotalTime - _start).TotalSeconds;

    internal static CpuTime Start() => new(Environment.CpuUsage.TotalTime);
}
