using System.Text.Json;

namespace LongContext.Cli.Tests;

/// <summary>How a run of the program ended.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The output's lines, each parsed as JSON.</summary>
    internal IReadOnlyList<JsonElement> JsonLines =>
        [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>The one JSON object that a command prints with <c>--json</c>.</summary>
    internal JsonElement Json => JsonLines.Single();
}
