using System.Text.Json;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class PlanTests
{
    [Test]
    public void OverFourHosts_EveryMethodIsForetold_FromHeadersAlone()
    {
        JsonElement json = Cli.Run("plan", Cli.Model, "--tokens", "32768", "--hosts", "4", "--link", "10us,2GB/s", "--profile", "cpu16", "--json").Json;

        Assert.That(json.GetProperty("linkBytesPerSecond").GetDouble(), Is.EqualTo(2e9));
        JsonElement[] methods = [.. json.GetProperty("methods").EnumerateArray()];
        Assert.That(
            methods.Select(m => m.GetProperty("method").GetString()),
            Is.EqualTo(new[] { "ring", "ring-zigzag", "ulysses", "usp", "star", "apb" }));

        // 3 hops of 8192 tokens' keys and values, 3 layers, 2 heads of 32 in bfloat16.
        Assert.That(methods[0].GetProperty("prefillBytesSent").GetDouble(), Is.EqualTo(3.0 * 8192 * 3 * 2 * 2 * 32 * 2));
        Assert.That(methods[0].GetProperty("kvCacheBytes").GetInt64(), Is.EqualTo(8192L * 3 * 2 * 2 * 32 * 2));
        Assert.That(methods.Select(m => m.GetProperty("prefillSeconds").GetDouble()), Is.All.Positive);
    }

    [Test]
    public void OnThisMachine_RatesAndLinkAreMeasured()
    {
        JsonElement json = Cli.Run("plan", Cli.Model, "--tokens", "4096", "--hosts", "2", "--json").Json;

        foreach (string rate in (string[])["matrixFlops", "attentionFlops", "memoryBytesPerSecond", "linkLatencySeconds", "linkBytesPerSecond"])
        {
            Assert.That(json.GetProperty(rate).GetDouble(), Is.Positive, rate);
        }

        string text = Cli.Run("plan", Cli.Model, "--tokens", "4096", "--profile", "cpu16").Output;
        Assert.That(text, Does.Contain("full").And.Contain("apb").And.Not.Contain("ring"));
    }

    [TestCase("--tokens is missing")]
    [TestCase("eth7", "--tokens", "10", "--link", "eth7")]
    [TestCase("abacus", "--tokens", "10", "--profile", "abacus")]
    public void BadInput_IsNamed(string named, params string[] arguments)
    {
        CliResult result = Cli.Run(["plan", Cli.Model, .. arguments]);
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(arguments.Length == 0 ? "needs --tokens" : named));
    }
}
