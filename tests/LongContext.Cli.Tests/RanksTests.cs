using System.Text.Json;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

/// <summary>The model's little language gives the truth, as in <see cref="GenerationTests"/>; what one rank says is the reference for many.</summary>
[TestFixture]
internal sealed class RanksTests
{
    private const int Ranks = 4;
    private static readonly string Context = string.Concat(Enumerable.Repeat("It rained. The ferry left. ", 40)) + "[SET][K1][V2] Nobody came.";
    private static readonly string[] Asked = [Cli.Model, "--prompt", Context, "--query", "[GET][K1]", "--max-tokens", "8", "--ignore-eos"];

    [Test]
    public void Run_OverThreads_SaysWhatOneRankSays()
    {
        string expected = Cli.Run(["run", .. Asked]).Output;

        Assert.That(expected, Does.StartWith("[V2]"));
        foreach (string method in (string[])["ring", "ring-zigzag", "ulysses", "usp"])
        {
            CliResult result = Cli.Run(["run", .. Asked, "--attention", method, "--hosts", $"{Ranks}"]);
            Assert.That(result.Output, Is.EqualTo(expected), method + result.Errors);
        }
    }

    [Test]
    public void Run_InBlocksOverThreads_SaysWhatOneMachineSays()
    {
        string[] star = ["run", .. Asked, "--attention", "star", "--min-length", "0"];
        string[] apb = ["run", .. Asked, "--attention", "apb", "--anchor", "64", "--passing", "64", "--compressor", "recent", "--min-length", "0"];
        foreach (string[] asked in (string[][])[star, apb])
        {
            string expected = Cli.Run([.. asked, "--hosts", "4"]).Output;
            foreach (string[] ranks in (string[][])[["--hosts", "2"], ["--hosts", "4", "--blocks", "4"]])
            {
                CliResult result = Cli.Run([.. asked, "--communicator", "inprocess", .. ranks]);
                Assert.That(result.Output, Is.Not.Empty.And.EqualTo(expected), $"{asked[9]} {ranks[1]} {result.Errors}");
            }
        }
    }

    [Test]
    public void Trace_HasComputingAndTransfersOfEveryRankAndLayer()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "trace.json");

        Cli.Run(["run", .. Asked, "--attention", "ring-zigzag", "--hosts", $"{Ranks}", "--trace", file]);

        JsonElement[] events = ReadTrace(file);
        for (int rank = 0; rank < Ranks; rank++)
        {
            JsonElement[] own = [.. events.Where(e => e.GetProperty("pid").GetInt32() == rank)];
            foreach (string kind in (string[])["compute", "communication"])
            {
                JsonElement[] spans = [.. own.Where(e => e.GetProperty("cat").GetString() == kind)];
                Assert.That(spans.Select(e => e.GetProperty("args").GetProperty("layer").GetInt32()).Distinct(), Is.EquivalentTo(new[] { 0, 1, 2 }), $"{kind} of rank {rank}");
                Assert.That(spans.Select(e => e.GetProperty("tid").GetInt32()).Distinct().Count(), Is.EqualTo(1));
                Assert.That(spans.Select(e => e.GetProperty("dur").GetDouble()), Is.All.GreaterThanOrEqualTo(0));
            }
        }

        double first = events.Min(e => e.GetProperty("ts").GetDouble());
        double age = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMicroseconds - first;
        Assert.That(age, Is.InRange(0, 120e6), "the first event is younger than the test");
    }

    [Test]
    public void Trace_OfOneRank_HasItsAttention()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "trace.json");

        Cli.Run(["run", .. Asked, "--trace", file]);

        Assert.That(ReadTrace(file).Count(e => e.GetProperty("name").GetString() == "attention"), Is.AtLeast(3 * 8), "three layers, a step for each token");
        Assert.That(Cli.Run(["run", .. Asked, "--trace", Path.Combine(folder.Path, "no", "trace.json")]).ExitCode, Is.EqualTo(2));
    }

    [Test]
    public void Run_UnderMpi_IsPrintedOnce_ByRank0()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "trace.json");

        CliResult result = Cli.RunUnderMpi(2, ["run", .. Asked, "--attention", "ring", "--communicator", "mpi", "--threads", "1", "--trace", file]);

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Is.EqualTo(Cli.Run(["run", .. Asked]).Output), result.Errors);
        Assert.That(ReadTrace(file).Select(e => e.GetProperty("pid").GetInt32()), Is.All.Zero);
        Assert.That(ReadTrace(file + ".rank1").Select(e => e.GetProperty("pid").GetInt32()), Is.Not.Empty.And.All.EqualTo(1));
    }

    [Test]
    public void Run_InBlocksUnderMpi_SaysWhatOneMachineSays()
    {
        string[] asked = ["run", .. Asked, "--attention", "apb", "--anchor", "64", "--passing", "64", "--min-length", "0"];

        CliResult result = Cli.RunUnderMpi(2, [.. asked, "--communicator", "mpi", "--threads", "1"]);

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Is.EqualTo(Cli.Run([.. asked, "--hosts", "4"]).Output), result.Errors);
    }

    [Test]
    public void Run_OverTcp_IsPrintedOnce_ByRank0()
    {
        IReadOnlyList<CliResult> results = Cli.RunOverTcp(2, ["run", .. Asked, "--attention", "ring-zigzag", "--communicator", "tcp"]);

        Assert.That(results.Select(r => r.ExitCode), Is.All.Zero, results[0].Errors + results[1].Errors);
        Assert.That(results[0].Output, Is.EqualTo(Cli.Run(["run", .. Asked]).Output));
        Assert.That(results[1].Output, Is.Empty);
    }

    [TestCase("--hosts is 3, but 1", "--communicator", "mpi", "--hosts", "3", "--attention", "ring")]
    [TestCase("LONGCONTEXT_RANK", "--communicator", "tcp", "--attention", "ring")]
    [TestCase("multiple of the 3 ranks", "--communicator", "inprocess", "--hosts", "3", "--attention", "apb", "--blocks", "4")]
    [TestCase("RingZigzag", "--hosts", "3")] // full attention is one rank's
    public void BadInput_IsNamed(string named, params string[] options)
    {
        CliResult result = Cli.Run(["run", Cli.Model, "--prompt", "x", .. options]);

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Errors, Does.Contain(named));
    }

    private static JsonElement[] ReadTrace(string file) =>
        [.. JsonDocument.Parse(File.ReadAllBytes(file)).RootElement.EnumerateArray().Where(e => e.GetProperty("ph").GetString() == "X")];
}
