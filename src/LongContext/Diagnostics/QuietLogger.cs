using Microsoft.Extensions.Logging;

namespace LongContext.Diagnostics;

/// <summary>Passes messages on and swallows what the receiver throws: a broken log must not stop the engine, or end the process from its thread.</summary>
internal sealed class QuietLogger(ILogger inner) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null; // the library opens none

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception) // there is nowhere to tell
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception) // there is nowhere to tell
        {
        }
    }
}
