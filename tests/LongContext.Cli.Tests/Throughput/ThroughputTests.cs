using System.Text.Json;
using LongContext.Throughput;
using NUnit.Framework;

namespace LongContext.Cli.Tests.Throughput;

/// <summary>The end-to-end program, as a process; its peer is an npm package and not there.</summary>
[TestFixture]
internal sealed class ThroughputTests
{
    private const string Program = "LongContext.Throughput.dll";

    [Test]
    public void EveryRun_GetsALine_AndTheTableComesLast()
    {
        CliResult result = Cli.Run(
            Program, "", Cli.Model, "--prompt-tokens", "64", "--decode-at", "0,64", "--decode", "3", "--rounds", "2", "--threads", "2");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        JsonElement[] runs = [.. result.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.That(
            runs.Select(run => (run.GetProperty("round").GetInt32(), run.GetProperty("promptTokens").GetInt32())),
            Is.EqualTo(new[] { (0, 1), (0, 64), (1, 1), (1, 64) }));
        foreach (JsonElement run in runs)
        {
            Assert.That(run.GetProperty("engine").GetString(), Is.EqualTo("LongContext"));
            Assert.That(run.GetProperty("decodedTokens").GetInt32(), Is.EqualTo(3));
            double prefill = run.GetProperty("promptTokens").GetInt32() / run.GetProperty("prefillMs").GetDouble() * 1e3;
            Assert.That(run.GetProperty("prefillTokensPerSecond").GetDouble(), Is.EqualTo(prefill).Within(1e-6 * prefill));
            foreach (string figure in new[] { "loadMs", "warmUpMs", "decodeMs", "decodeTokensPerSecond", "peakRssBytes" })
            {
                Assert.That(run.GetProperty(figure).GetDouble(), Is.Positive, figure);
            }
        }

        foreach (string row in new[] { "prefill 64, tokens/s", "decode at 0, tokens/s", "decode at 64, tokens/s", "load, s" })
        {
            Assert.That(result.Output, Does.Contain($"| {row} | "));
        }

        Assert.That(result.Output, Does.Not.Contain("prefill 1,"), "a prompt of one token only serves decode at 0");
    }

    [TestCase("--rounds", "0")]
    [TestCase("--peer", "another")]
    [TestCase("--unknown", "1")]
    [TestCase("--peer-folder", "there-is-no-such-folder")]
    public void WrongArguments_AreSaid(string name, string value)
    {
        CliResult result = Cli.Run(Program, "", Cli.Model, name, value);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(name == "--peer-folder" ? value : name));
    }

    [Test]
    public void DecodeIsMeasuredAtZeroAndAfterThePrompts_UnlessSaid()
    {
        Assert.That(Settings.Parse(["m", "--prompt-tokens", "4096,512"]).Lengths, Is.EqualTo(new[] { 1, 512, 4096 }));
        Assert.That(Settings.Parse(["m", "--prompt-tokens", "512", "--decode-at", "2048"]).Lengths, Is.EqualTo(new[] { 512, 2048 }));
    }
}
