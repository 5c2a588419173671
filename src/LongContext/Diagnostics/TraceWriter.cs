using System.Diagnostics;
using System.Text.Json;

namespace LongContext.Diagnostics;

/// <summary>Writes timelines as a trace of Chrome's format: an array of complete events, a process for each rank with a thread for each <see cref="TimelineKind"/>.</summary>
/// <remarks>Times are microseconds since 1970, so that traces written by several processes can be put together; hosts' clocks may differ.</remarks>
internal static class TraceWriter
{
    private const int FlushBytes = 1 << 16;

    /// <summary>Takes what the timelines recorded and writes it.</summary>
    internal static void Write(Stream stream, IEnumerable<StepTimeline> timelines)
    {
        decimal epoch = ((TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10m) - Microseconds(StepTimeline.Now);
        using Utf8JsonWriter writer = new(stream);
        writer.WriteStartArray();
        foreach (StepTimeline timeline in timelines)
        {
            WriteName(writer, timeline.Rank, 0, "process_name", timeline.Dropped == 0
                ? $"rank {timeline.Rank}"
                : $"rank {timeline.Rank} ({timeline.Dropped} earlier events were dropped)");
            WriteName(writer, timeline.Rank, (int)TimelineKind.Compute, "thread_name", "compute");
            WriteName(writer, timeline.Rank, (int)TimelineKind.Communication, "thread_name", "communication");
            foreach (TimelineSpan span in timeline.Take())
            {
                WriteSpan(writer, timeline.Rank, span, epoch);
                if (writer.BytesPending > FlushBytes)
                {
                    writer.Flush();
                }
            }
        }

        writer.WriteEndArray();
    }

    private static decimal Microseconds(long ticks) => decimal.Round(ticks * 1_000_000m / Stopwatch.Frequency, 3);

    private static void WriteName(Utf8JsonWriter writer, int rank, int thread, string what, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("name", what);
        writer.WriteString("ph", "M");
        writer.WriteNumber("pid", rank);
        writer.WriteNumber("tid", thread);
        writer.WriteStartObject("args");
        writer.WriteString("name", name);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter writer, int rank, in TimelineSpan span, decimal epoch)
    {
        writer.WriteStartObject();
        writer.WriteString("name", span.Name);
        writer.WriteString("cat", span.Kind == TimelineKind.Compute ? "compute" : "communication");
        writer.WriteString("ph", "X");
        writer.WriteNumber("pid", rank);
        writer.WriteNumber("tid", (int)span.Kind);
        writer.WriteNumber("ts", epoch + Microseconds(span.Start));
        writer.WriteNumber("dur", Microseconds(span.End - span.Start));
        writer.WriteStartObject("args");
        writer.WriteNumber("step", span.Step);
        writer.WriteNumber("layer", span.Layer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
