using Microsoft.Extensions.Logging;

namespace LongContext.Tests.Sessions;

/// <summary>A log whose every call throws.</summary>
internal sealed class BrokenLog : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new IOException("The disk is full.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => throw new IOException("The disk is full.");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information ? true : throw new IOException("The disk is full.");

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        throw new IOException("The disk is full.");

    public void Dispose()
    {
    }
}
