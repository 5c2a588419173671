namespace LongContext.Cli.CommandLine;

/// <summary>The command line, or a file it names, is not as it should be. Ends the program with <see cref="ExitCode.BadInput"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);
