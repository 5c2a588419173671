namespace LongContext.Distributed.Tests.Ranks;

/// <summary>How one rank ended, by its own files.</summary>
/// <param name="ExitCode">128 + number for a signal.</param>
/// <param name="Error">Lines of its standard error.</param>
/// <param name="Elapsed">From the last signal sent to when its end was seen.</param>
internal sealed record RankEnd(int ExitCode, IReadOnlyList<string> Error, TimeSpan Elapsed)
{
    /// <summary>The last line that the library wrote.</summary>
    internal string? Report => Error.LastOrDefault(l => l.StartsWith("longcontext: ", StringComparison.Ordinal));

    /// <summary>All that a person needs to see why a test failed.</summary>
    public override string ToString() =>
        string.Join(Environment.NewLine, [$"exit {ExitCode} after {Elapsed.TotalSeconds:0.0} s", .. Error.Select(l => "err: " + l)]);
}
