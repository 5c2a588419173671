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

    internal static CliResult RunWithInput(string input, params string[] arguments) => RunProgram(Program, input, arguments);

    /// <summary>Runs another program that lies beside the tests.</summary>
    internal static CliResult RunProgram(string program, string input, params string[] arguments)
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

    /// <summary>Runs the program on several ranks of MPI; ignores the test where no mpirun is installed.</summary>
    internal static CliResult RunUnderMpi(int ranks, params string[] arguments)
    {
        string? mpirun = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, "mpirun")).FirstOrDefault(File.Exists);
        if (mpirun is null)
        {
            Assert.Ignore("No mpirun is installed.");
        }

        ProcessStartInfo start = NewStart(mpirun!, ["-n", $"{ranks}", "dotnet", Path.Combine(AppContext.BaseDirectory, Program), .. arguments]);

        // Open MPI refuses to run as root, or with more ranks than cores, unless it is told so; MPICH knows none of these.
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        start.Environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1";
        start.Environment["OMPI_MCA_hwloc_base_binding_policy"] = "none";
        start.Environment["TERM"] = "dumb";
        return Run(start);
    }

    /// <summary>Runs one process for each rank, which find each other by TCP.</summary>
    internal static IReadOnlyList<CliResult> RunOverTcp(int ranks, params string[] arguments)
    {
        using System.Net.Sockets.TcpListener free = new(System.Net.IPAddress.Loopback, 0);
        free.Start();
        int port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        return [.. Task.WhenAll(Enumerable.Range(0, ranks).Select(rank => Task.Run(() =>
        {
            ProcessStartInfo start = NewStart("dotnet", [Path.Combine(AppContext.BaseDirectory, Program), .. arguments]);
            start.Environment["LONGCONTEXT_RANK"] = $"{rank}";
            start.Environment["LONGCONTEXT_SIZE"] = $"{ranks}";
            start.Environment["LONGCONTEXT_RENDEZVOUS"] = $"127.0.0.1:{port}";
            return Run(start);
        }))).GetAwaiter().GetResult()];
    }

    private static CliResult Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Close();
        return Finish(process, output, errors);
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(NewStart("dotnet", [Path.Combine(AppContext.BaseDirectory, program), .. arguments]))!;

    private static ProcessStartInfo NewStart(string file, params string[] arguments)
    {
        ProcessStartInfo start = new(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            StandardOutputEncoding = Utf8,
            StandardErrorEncoding = Utf8,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
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
