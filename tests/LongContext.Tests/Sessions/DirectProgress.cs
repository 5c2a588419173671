namespace LongContext.Tests.Sessions;

/// <summary>Reports on the thread that reports, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
