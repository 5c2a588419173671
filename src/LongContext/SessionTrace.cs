using System.Globalization;
using LongContext.Diagnostics;

namespace LongContext;

/// <summary>The trace file of this process's ranks. Opened before anything is loaded, written when it is disposed.</summary>
internal sealed class SessionTrace : IDisposable
{
    private readonly FileStream _file;
    private readonly IDisposable _after;
    private readonly List<StepTimeline> _timelines = [];
    private bool _disposed;

    private SessionTrace(FileStream file, IDisposable after) => (_file, _after) = (file, after);

    /// <summary>Opens the trace that the configuration asks for, if it asks for one.</summary>
    /// <param name="configuration">Gets the timelines.</param>
    /// <param name="after">Disposed after the trace is written.</param>
    /// <returns>What the session disposes last, in place of <paramref name="after"/>.</returns>
    /// <exception cref="ConfigurationException">The file cannot be written.</exception>
    internal static IDisposable Attach(ref SessionConfiguration configuration, IDisposable after)
    {
        if (configuration.TracePath is not { } path)
        {
            return after;
        }

        SessionTrace trace = new(Create(path, configuration.Communicator?.Rank ?? 0), after);
        configuration = configuration with { Timeline = trace.Add };
        return trace;
    }

    /// <summary>Writes the file.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        try
        {
            using (_file)
            {
                TraceWriter.Write(_file, _timelines);
            }
        }
        finally
        {
            _after.Dispose();
        }
    }

    private static FileStream Create(string path, int rank)
    {
        string own = rank == 0 ? path : path + ".rank" + rank.ToString(CultureInfo.InvariantCulture);
        try
        {
            return new FileStream(own, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ConfigurationException([$"UseTrace(\"{own}\"): the file cannot be written: {e.Message}"]);
        }
    }

    private StepTimeline Add(int rank)
    {
        StepTimeline timeline = new(rank);
        _timelines.Add(timeline);
        return timeline;
    }
}
