using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>The kernels' whole suite on narrower machines: this machine with instruction sets switched off, each in a process of its own.</summary>
/// <remarks>About 15 seconds each on two cores; <see cref="NarrowMachineProbe"/> makes sure that the switches do something.</remarks>
[TestFixture]
[CancelAfter(300_000)]
internal sealed partial class NarrowMachineTests
{
    /// <summary>Least tests of a child that found the suite: it has over 900.</summary>
    private const int LeastTests = 500;

    [TestCase("no AVX-512", "256", "DOTNET_EnableAVX512=0", "DOTNET_EnableAVX512F=0")]
    [TestCase("no AVX2", "128", "DOTNET_EnableAVX2=0")]
    [TestCase("no generated code", "", "LONGCONTEXT_MACHINE_CODE=off")]
    public void KernelSuite_OnAMachineWith_Passes(string machine, string vectorBits, params string[] variables)
    {
        if (Environment.GetEnvironmentVariable(NarrowMachineProbe.Variable) is not null)
        {
            Assert.Ignore("This is the child.");
        }

        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList =
            {
                "vstest", typeof(NarrowMachineTests).Assembly.Location,
                $"--TestCaseFilter:FullyQualifiedName~{typeof(NarrowMachineTests).Namespace}.&FullyQualifiedName!~{nameof(NarrowMachineTests)}",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [NarrowMachineProbe.Variable] = vectorBits },
        };
        foreach (string variable in variables)
        {
            start.Environment[variable[..variable.IndexOf('=', StringComparison.Ordinal)]] = variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..];
        }

        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        string told = $"{machine}:{Environment.NewLine}{output}{errors.Result}";
        Assert.That(child.ExitCode, Is.Zero, told);
        Match passed = Passed().Match(output);
        Assert.That(passed.Success ? int.Parse(passed.Groups[1].Value, CultureInfo.InvariantCulture) : 0, Is.GreaterThan(LeastTests), told);
    }

    [GeneratedRegex(@"Passed:\s+(\d+)")]
    private static partial Regex Passed();
}
