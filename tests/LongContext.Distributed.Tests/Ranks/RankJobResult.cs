namespace LongContext.Distributed.Tests.Ranks;

/// <summary>How a job ended.</summary>
/// <param name="ExitCode">The launcher's; of plain processes, the greatest of the ranks'.</param>
/// <param name="RankExitCodes">[size] of plain processes, 128 + number for a signal; empty where a launcher keeps them to itself.</param>
/// <param name="Output">Lines of all ranks' standard output.</param>
/// <param name="Error">Lines of all ranks' and the launcher's standard error.</param>
/// <param name="Elapsed">From the last signal sent, or else from the start, to the end of the last process.</param>
internal sealed record RankJobResult(
    int ExitCode, IReadOnlyList<int> RankExitCodes, IReadOnlyList<string> Output, IReadOnlyList<string> Error, TimeSpan Elapsed)
{
    /// <summary>The one line that each rank writes when it ends the job.</summary>
    internal IReadOnlyList<string> Reports => [.. Error.Where(l => l.Contains("longcontext: ", StringComparison.Ordinal))];

    /// <summary>All that a person needs to see why a test failed.</summary>
    public override string ToString() => string.Join(
        Environment.NewLine,
        [
            $"exit {ExitCode} after {Elapsed.TotalSeconds:0.0} s, ranks [{string.Join(", ", RankExitCodes)}]",
            .. Output.Select(l => "out: " + l), .. Error.Select(l => "err: " + l),
        ]);
}
