using System.Diagnostics;
using System.Text;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

/// <summary>Runs the program as a user does: as a process, with arguments, standard input and an exit code.</summary>
internal static class Cli
{
    private const string Program = "LongContext.Cli.dll";
    private const int LimitMilliseconds = 120_000;
    private static readonly UTF8Encoding Utf8 = new(false);

    /// <summary>The small model that lies in the repository (its language: samples/Quickstart/model/README.md).</summary>
    internal static string Model { get; } = Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model");

    internal static CliResult Run(params string[] arguments) => RunWithInput("", arguments);

    internal static CliResult RunWithInput(string input, params string[] arguments) => Run(Program, input, arguments);

    /// <summary>Runs another program that lies beside the tests.</summary>
    internal static CliResult Run(string program, string input, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return Finish(process, output, errors);
    }

    /// <summary>Runs the program and sends it Ctrl+C once it has printed something.</summary>
    internal static CliResult RunAndInterruptAfterFirstOutput(params string[] arguments)
    {
        using Process process = Start(Program, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Close();
        int first = process.StandardOutput.Read();
        Assert.That(first, Is.GreaterThanOrEqualTo(0), "The program ended without any output.");
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        return Finish(process, process.StandardOutput.ReadToEndAsync(), errors);
    }

    private static Process Start(string program, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            StandardOutputEncoding = Utf8,
            StandardErrorEncoding = Utf8,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, program));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static CliResult Finish(Process process, Task<string> output, Task<string> errors)
    {
        if (!process.WaitForExit(LimitMilliseconds))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The program did not end within {LimitMilliseconds / 1000} s.");
        }

        return new CliResult(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
