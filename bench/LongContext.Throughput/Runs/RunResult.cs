namespace LongContext.Throughput.Runs;

/// <summary>What a child process measured: one JSON line on standard output, the same for every engine.</summary>
internal sealed record RunResult
{
    public required string Engine { get; init; }

    public required string Version { get; init; }

    /// <summary>From nothing to a session that accepts a prompt; an engine that maps its file reads most of it later.</summary>
    public required double LoadMs { get; init; }

    /// <summary>The warm-up request: what loading put off shows here.</summary>
    public required double WarmUpMs { get; init; }

    /// <summary>Time to the first new token.</summary>
    public required double PrefillMs { get; init; }

    /// <summary>Processor time of all threads meanwhile.</summary>
    public required double PrefillCpuMs { get; init; }

    /// <summary>Time from the first new token to the last.</summary>
    public required double DecodeMs { get; init; }

    /// <summary>Processor time of all threads meanwhile.</summary>
    public required double DecodeCpuMs { get; init; }

    /// <summary>New tokens after the first.</summary>
    public required int DecodedTokens { get; init; }

    /// <summary>The most memory the process held, mapped model pages included.</summary>
    public required long PeakRssBytes { get; init; }
}
