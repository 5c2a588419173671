using System.Globalization;
using LongContext.CriticalPath;
using LongContext.CriticalPath.Report;
using LongContext.CriticalPath.Runs;
using NUnit.Framework;

namespace LongContext.Cli.Tests.CriticalPath;

/// <summary>The program, as a process.</summary>
[TestFixture]
internal sealed class CriticalPathTests
{
    private const string Program = "LongContext.CriticalPath.dll";

    [Test]
    public void EveryMethod_GetsARow_ForEachLink()
    {
        using TemporaryFolder folder = new();
        CliResult result = Cli.RunProgram(
            Program, "", "tiny", "--layers", "1", "--tokens", "1024", "--hosts", "2", "--threads", "1", "--methods", "full,ring,usp,star,apb,apb-zigzag",
            "--link", "eth10;1us,1GB/s", "--folder", folder.Path);

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        string[][] rows = [.. result.Output.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Trim('|', ' ').Split(" | "))];
        foreach (string label in new[] { "Full, one host", "Ring", "USP", "Star", "APB", "APB, zigzag" })
        {
            string[][] own = [.. rows.Where(r => r[0] == label)];
            Assert.That(own, Has.Length.EqualTo(2), label);
            Assert.That(own.Select(r => double.Parse(r[2], CultureInfo.InvariantCulture)), Is.All.Positive, label);
        }

        double megabytes = double.Parse(rows.First(r => r[0] == "Ring")[9], CultureInfo.InvariantCulture);
        double expected = 2 * 512 * 2 * 2 * 8 * 2 / 1e6; // 2 layers; half of the prompt; keys and values of 2 heads of 8, 2 bytes each
        Assert.That(megabytes, Is.EqualTo(expected).Within(0.06), "the table has one digit; what else ranks tell each other is little");
    }

    [Test]
    public async Task Operations_OfAllRanksTogether_AreThoseOfTheFormulas([Values("full", "ring", "ring-zigzag", "ulysses")] string name)
    {
        const int tokens = 1_000, hidden = 64, keys = 2 * 8, feedForward = 160, vocabulary = 320;
        using TemporaryFolder folder = new();
        Settings settings = Settings.Parse(["tiny", "--layers", "1", "--threads", "1", "--folder", folder.Path]);
        Measurer measurer = new(settings, settings.Shape.Write(settings.Folder, 1, settings.Type));
        Measurement measured = await measurer.MeasureAsync(MethodCase.Create(name, 2), tokens);

        double matrices = (2.0 * tokens * hidden * ((2 * hidden) + (2 * keys) + (3 * feedForward))) + (2 * hidden * vocabulary);
        Assert.That(measured.Operations.Sum(o => o.Matrix), Is.EqualTo(matrices));
        Assert.That(measured.Operations.Sum(o => o.Attention), Is.EqualTo(4.0 * hidden * (tokens * (tokens + 1) / 2)));
        if (name is "ring-zigzag" or "ulysses")
        {
            Assert.That(measured.Operations[0].Attention, Is.EqualTo(measured.Operations[1].Attention).Within(1).Percent);
        }
    }

    [Test]
    public async Task Ranks_ThatShareTensors_AnswerAsOneHost([Values("ring", "ring-zigzag", "ulysses", "usp")] string name)
    {
        using TemporaryFolder folder = new();
        Settings settings = Settings.Parse(["tiny", "--threads", "1", "--type", "F32", "--folder", folder.Path]);
        Measurer measurer = new(settings, settings.Shape.Write(settings.Folder, 2, settings.Type));
        List<(int OneHost, int Ranks)> tokens = [];
        foreach (int length in new[] { 700, 701, 702, 703, 704, 705 })
        {
            Measurement one = await measurer.MeasureAsync(MethodCase.Create("full", 4), length);
            tokens.Add((one.Token, (await measurer.MeasureAsync(MethodCase.Create(name, 4), length)).Token));
        }

        Assert.That(tokens.Select(t => t.Ranks), Is.EqualTo(tokens.Select(t => t.OneHost)));
        Assert.That(tokens.Select(t => t.OneHost).Distinct().Count(), Is.GreaterThan(2), "else any answer would do");
    }

    [TestCase("7b")]
    [TestCase("--tokens", "1024")]
    [TestCase("tiny", "--layers", "3")]
    [TestCase("tiny", "--methods", "full,best")]
    [TestCase("tiny", "--unknown", "1")]
    [TestCase("tiny", "--hosts")]
    [TestCase("tiny", "--threads", "2", "--clock", "processor")]
    public void WrongArguments_AreSaid(params string[] arguments)
    {
        CliResult result = Cli.RunProgram(Program, "", arguments);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Is.Not.Empty);
    }

    [Test]
    public void Paper_SaysWhatItsTableSays()
    {
        Assert.That(PaperTimes.BesideApb("full", 131_072), Is.EqualTo(10.8).Within(0.05));
        Assert.That(PaperTimes.BesideApb("ring", 131_072), Is.EqualTo(2.3).Within(0.05));
        Assert.That(PaperTimes.BesideApb("star", 131_072), Is.EqualTo(1.25).Within(0.01));
        Assert.That(PaperTimes.BesideApb("usp", 131_072), Is.Null);
        Assert.That(PaperTimes.BesideApb("full", 1_000), Is.Null);
    }

    [Test]
    public void Defaults_AreThePapersComparison()
    {
        Settings settings = Settings.Parse(["8b"]);

        Assert.That((settings.Hosts, settings.Tokens[0], settings.Layers), Is.EqualTo((8, 32_768, 2)));
        Assert.That(settings.Methods, Is.SupersetOf(new[] { "full", "ring", "star", "apb" }));
    }
}
