using System.Globalization;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
[Platform("Linux,MacOsX")]
internal sealed class CancellationTests
{
    [Test]
    public void CtrlC_EndsARunInTheMiddle_WithCode130()
    {
        if (InterruptsAreIgnored())
        {
            Assert.Ignore("The tests themselves were started with SIGINT ignored, and children inherit that.");
        }

        CliResult result = Cli.RunAndInterruptAfterFirstOutput(
            "run", Cli.Model, "--prompt", "It rained.", "--max-tokens", "30000", "--ignore-eos", "--temperature", "1");

        Assert.That(result.ExitCode, Is.EqualTo(130), result.Errors);
        Assert.That(result.Errors, Does.Contain("Stopped."));
    }

    private static bool InterruptsAreIgnored()
    {
        const string Status = "/proc/self/status";
        string? line = File.Exists(Status) ? File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) : null;
        return line is not null && (ulong.Parse(line[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0;
    }
}
