using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace LongContext.Tests.Sessions;

/// <summary>Hears which methods the runtime compiles.</summary>
internal sealed class CompilationListener : EventListener
{
    private const EventKeywords Jit = (EventKeywords)0x10;
    private readonly ConcurrentQueue<(DateTime Time, string Type, string Method)> _compiled = [];

    /// <summary>Methods of types whose names begin so, compiled since and never before (what is hot is compiled again, in the background).</summary>
    internal string[] FirstSince(DateTime time, string typePrefix)
    {
        ILookup<bool, string> isLate = _compiled
            .Where(m => m.Type.StartsWith(typePrefix, StringComparison.Ordinal)).ToLookup(m => m.Time >= time, m => $"{m.Type}.{m.Method}");
        return [.. isLate[true].Except(isLate[false])];
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Verbose, Jit);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("MethodLoadVerbose", StringComparison.Ordinal) == true)
        {
            _compiled.Enqueue((eventData.TimeStamp, (string)eventData.Payload![6]!, (string)eventData.Payload[7]!));
        }
    }
}
