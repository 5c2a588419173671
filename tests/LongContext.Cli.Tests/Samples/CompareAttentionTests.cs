using System.Globalization;
using NUnit.Framework;

namespace LongContext.Cli.Tests.Samples;

/// <summary>The sample runs as its README line says, and shows what it is for.</summary>
[TestFixture]
internal sealed class CompareAttentionTests
{
    [Test]
    public void Sample_ShowsExactAtZero_StarFarAway_AndEverythingPassedOnNear()
    {
        CliResult run = Cli.RunProgram("CompareAttention.dll", "");
        Assert.That(run.ExitCode, Is.Zero, run.Errors);

        Assert.That(Divergence(run, "full "), Is.Zero);
        Assert.That(Divergence(run, "Star "), Is.GreaterThan(1));
        Assert.That(Divergence(run, "APB, QueryAware, 64 "), Is.GreaterThan(1));
        Assert.That(Divergence(run, "APB, QueryAware, 1024 "), Is.LessThan(0.1));
        Assert.That(Divergence(run, "APB, Distinct, 64 "), Is.LessThan(0.1));
    }

    private static double Divergence(CliResult run, string name) => double.Parse(
        run.Output.Split('\n').Single(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].TrimStart().Split(' ')[0], CultureInfo.InvariantCulture);
}
