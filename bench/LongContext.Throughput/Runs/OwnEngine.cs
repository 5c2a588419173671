using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace LongContext.Throughput.Runs;

/// <summary>One measured run of LongContext, in a process of its own.</summary>
internal static class OwnEngine
{
    /// <summary>The only argument of the child process.</summary>
    internal const string ChildArgument = "--child";

    /// <summary>Reads a <see cref="RunRequest"/>, writes a <see cref="RunResult"/>.</summary>
    internal static async Task RunAsync(TextReader input, TextWriter output)
    {
        RunRequest request = JsonSerializer.Deserialize<RunRequest>(await input.ReadToEndAsync(), Json.Options)!;
        using Process process = Process.GetCurrentProcess();
        long start = Stopwatch.GetTimestamp();
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseModel(request.Model)
            .UseCpu(request.Threads)
            .UseContextLength(request.ContextLength)
            .UseKVCacheType(request.KV)
            .UsePrecision(request.Precision)
            .UsePrefixReuse(PrefixReuse.Disabled)
            .UseMaxConcurrentRequests(1);
        builder = request.Chunk is { } chunk ? builder.UseChunkSize(chunk) : builder;
        await using InferenceSession session = await builder.BuildAsync();
        TimeSpan load = Stopwatch.GetElapsedTime(start);
        RunResult warmUp = await GenerateAsync(session, request.WarmUp, request.WarmUpDecode, process);
        RunResult result = await GenerateAsync(session, request.Tokens, request.Decode, process);
        result = result with
        {
            LoadMs = load.TotalMilliseconds,
            WarmUpMs = warmUp.PrefillMs + warmUp.DecodeMs,
            PeakRssBytes = PeakRssBytes(process),
        };
        await output.WriteLineAsync(JsonSerializer.Serialize(result, Json.Options));
    }

    private static async Task<RunResult> GenerateAsync(InferenceSession session, int[] tokens, int decode, Process process)
    {
        PrefillEnd end = new(() => CpuTime(process));
        GenerationOptions options = new()
        {
            MaxNewTokens = decode + 1,
            EndOfSequence = EndOfSequenceHandling.Ignore,
            PrefillProgress = end,
        };
        TimeSpan start = CpuTime(process);
        TokenUsage usage = (await session.GenerateAsync(Prompt.FromTokens(tokens), options)).Usage;
        if (usage.NewTokens != decode + 1)
        {
            throw new InvalidOperationException($"{decode + 1} tokens were to come, {usage.NewTokens} came.");
        }

        return new RunResult
        {
            Engine = "LongContext",
            Version = typeof(InferenceSession).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            LoadMs = 0,
            WarmUpMs = 0,
            PrefillMs = usage.TimeToFirstToken.TotalMilliseconds,
            PrefillCpuMs = (end.CpuTime - start).TotalMilliseconds,
            DecodeMs = (usage.TotalTime - usage.TimeToFirstToken).TotalMilliseconds,
            DecodeCpuMs = (CpuTime(process) - end.CpuTime).TotalMilliseconds,
            DecodedTokens = decode,
            PeakRssBytes = 0,
        };
    }

    private static TimeSpan CpuTime(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>The line <c>VmHWM:   12345 kB</c> where there is one.</summary>
    private static long PeakRssBytes(Process process)
    {
        const string name = "VmHWM:";
        string? line = OperatingSystem.IsLinux()
            ? File.ReadLines("/proc/self/status").FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal))
            : null;
        return line is null
            ? process.PeakWorkingSet64
            : long.Parse(line[name.Length..^"kB".Length], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
    }
}
