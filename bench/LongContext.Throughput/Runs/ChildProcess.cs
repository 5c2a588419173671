using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace LongContext.Throughput.Runs;

/// <summary>Runs one engine once.</summary>
internal static class ChildProcess
{
    /// <exception cref="InvalidOperationException">It could not be started, failed, or printed no result.</exception>
    internal static RunResult Run(Runner runner, RunRequest request)
    {
        ProcessStartInfo start = new(runner.FileName, runner.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(JsonSerializer.Serialize(request, Json.Options));
            process.StandardInput.Close();
            process.WaitForExit();
            string[] lines = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return process.ExitCode == 0 && lines.Length > 0
                ? JsonSerializer.Deserialize<RunResult>(lines[^1], Json.Options)!
                : throw new InvalidOperationException($"{Words(start)} ended with {process.ExitCode}:\n{errors.Result}");
        }
        catch (Exception e) when (e is Win32Exception or JsonException or IOException)
        {
            throw new InvalidOperationException($"{Words(start)}: {e.Message}", e);
        }
    }

    private static string Words(ProcessStartInfo start) => $"{start.FileName} {string.Join(' ', start.ArgumentList)}";
}
