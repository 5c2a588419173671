using System.Text.Json;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class BenchTests
{
    [Test]
    public void EveryLength_GetsALine_WithItsFigures()
    {
        CliResult result = Cli.Run("bench", Cli.Model, "--prompt-tokens", "64,300", "--decode", "5", "--threads", "2");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.JsonLines.Select(line => line.GetProperty("promptTokens").GetInt32()), Is.EqualTo(new[] { 64, 300 }));
        foreach (JsonElement line in result.JsonLines)
        {
            Assert.That(line.GetProperty("cachedTokens").GetInt32(), Is.Zero);
            Assert.That(line.GetProperty("newTokens").GetInt32(), Is.EqualTo(5));
            Assert.That(line.GetProperty("threads").GetInt32(), Is.EqualTo(2));
            foreach (string figure in new[] { "ttftMs", "prefillTokensPerSecond", "decodeTokensPerSecond", "peakRssBytes" })
            {
                Assert.That(line.GetProperty(figure).GetDouble(), Is.Positive, figure);
            }
        }
    }

    [Test]
    public void RequestsAtOnce_AreCountedTogether()
    {
        JsonElement line = Cli.Run("bench", Cli.Model, "--prompt-tokens", "20", "--decode", "30", "--concurrent", "4").Json;

        Assert.That(line.GetProperty("concurrent").GetInt32(), Is.EqualTo(4));
        Assert.That(line.GetProperty("allDecodeTokensPerSecond").GetDouble(), Is.GreaterThan(line.GetProperty("decodeTokensPerSecond").GetDouble()));
    }

    [Test]
    public void LengthBeyondTheModel_IsBadInput()
    {
        Assert.That(Cli.Run("bench", Cli.Model, "--prompt-tokens", "100000").ExitCode, Is.EqualTo(2));
    }
}
