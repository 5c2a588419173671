namespace LongContext.Cli.CommandLine;

/// <summary>One option of the closed table <see cref="Options"/>.</summary>
/// <param name="Name">With its dashes: "--max-tokens".</param>
/// <param name="Value">What follows it, for the help: "N"; null for an option that stands alone.</param>
/// <param name="Help">One line.</param>
internal sealed record Option(string Name, string? Value, string Help);
