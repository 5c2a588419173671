namespace LongContext.Cli.CommandLine;

/// <summary>What the program's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    internal const int Success = 0;

    /// <summary>Something went wrong that is not the input's fault.</summary>
    internal const int Failure = 1;

    /// <summary>The command line, a model, a file or a prompt is not as it should be.</summary>
    internal const int BadInput = 2;

    /// <summary>Stopped by Ctrl+C (128 + SIGINT, as shells have it).</summary>
    internal const int Cancelled = 130;
}
