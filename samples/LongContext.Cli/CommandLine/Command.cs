namespace LongContext.Cli.CommandLine;

/// <summary>One command: what it is called, what it takes, and what it does.</summary>
internal abstract class Command
{
    /// <summary>The word on the command line.</summary>
    internal abstract string Name { get; }

    /// <summary>What it does, one line.</summary>
    internal abstract string Summary { get; }

    /// <summary>Its arguments, for the help: "MODEL (--text T | --file F)".</summary>
    internal abstract string Usage { get; }

    /// <summary>The options it takes.</summary>
    internal abstract IReadOnlyList<Option> Options { get; }

    /// <summary>Runs it and returns the exit code.</summary>
    internal abstract Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken);
}
