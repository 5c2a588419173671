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

    /// <summary>A rank died, stood still or could not be reached: start again (EX_TEMPFAIL, as the library ends with).</summary>
    internal const int RankFailed = 75;

    /// <summary>Ranks were started with different models, options or versions (EX_CONFIG, likewise).</summary>
    internal const int RanksDiffer = 78;

    /// <summary>Stopped by Ctrl+C (128 + SIGINT, as shells have it).</summary>
    internal const int Cancelled = 130;
}
