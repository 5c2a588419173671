using System.Xml.Linq;
using LongContext.Accuracy;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using NUnit.Framework;
using TestContext = LongContext.Accuracy.TestContext;

namespace LongContext.Cli.Tests.Accuracy;

/// <summary>The program that asks attention methods questions, as a process, and the contexts it makes.</summary>
[TestFixture]
internal sealed class AccuracyRunTests
{
    private static readonly string ProseFile = Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "prose.txt");

    [Test]
    public void RulerTasks_OfAnyModel_GiveATableAndAChart()
    {
        using TemporaryFolder folder = new();
        string svg = Path.Combine(folder.Path, "chart.svg");
        CliResult run = Run("--tasks", "niah_single_2,vt,fwe", "--book", ProseFile, "--lengths", "1536", "--samples", "1", "--methods", "full,star,ring@2", "--svg", svg);

        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        string[] lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines[0], Is.EqualTo("| N | method | fwe | niah_single_2 | vt | first token, s |"));
        Assert.That(lines[2..].Select(l => l.Split(" | ")[1]), Is.EqualTo((string[])["full", "Star", "Ring, 2 ranks"]));
        Assert.That(XDocument.Load(svg).Descendants().Count(e => e.Name.LocalName == "rect"), Is.EqualTo(12)); // 9 bars, 3 keys
    }

    [TestCase("opening", "none", "--anchor", "0")] // the bindings are in the anchor, or nowhere that later blocks see
    [TestCase("asked", "distinct", "--layout", "context-only")] // they are in the query
    public void MovedBindings_AreFollowedThroughTheAnchorAlone(string set, string method, params string[] ablation)
    {
        string[] common = ["--made", "2", "--book", Long(), "--lengths", "2048", "--set", set, "--queries", "6", "--parallel", "2", "--passing", "64", "--methods", method];

        Assert.That(ThirdLink(Run([.. common, "--anchor", "128"])), Is.GreaterThan(0.8));
        Assert.That(ThirdLink(Run([.. common, .. ablation])), Is.LessThan(0.3));
    }

    private static double ThirdLink(CliResult run)
    {
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        string[] lines = run.Output.Split('\n');
        int column = Array.FindIndex(lines[0].Split('|'), c => c.Trim() == "hop2");
        return double.Parse(lines[2].Split('|')[column].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Test]
    public void MadeContexts_AreAnsweredByFullAttention_AndTheThirdLinkIsLostByStar()
    {
        CliResult run = Run("--made", "2", "--book", Long(), "--lengths", "2048", "--methods", "full,star", "--queries", "6", "--parallel", "2");

        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        double[][] scores = [.. run.Output.Split('\n')[2..4].Select(l => l.Split('|')[3..6].Select(c => double.Parse(c.Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).ToArray())];
        Assert.That(scores[0], Is.All.GreaterThan(0.9)); // set, hop1, hop2
        Assert.That(scores[1][2], Is.LessThan(0.4));
    }

    [Test]
    public void Staged_LinksLieApart_AndGiveTheAnswers()
    {
        ITokenizer tokenizer = TokenizerLoader.Load(Cli.Model, null);
        NeedleWriter writer = new(tokenizer, seed: 1);
        foreach (TestContext context in writer.Staged(File.ReadAllText(Long()), 3, 2_048))
        {
            string[] tokens = [.. context.Ids.Select(id => tokenizer.Decode([id], DecodeOptions.None))];
            Dictionary<string, (string Value, double Place)> bound = [];
            for (int i = 0; i < tokens.Length; i++)
            {
                double place = (double)i / tokens.Length;
                if (tokens[i] == "[SET]")
                {
                    bound.Add(tokens[i + 1], (tokens[i + 2], place));
                }
                else if (tokens[i] == "[LET]")
                {
                    (string value, double before) = bound[tokens[i + 2]]; // bound before it is named
                    bound.Add(tokens[i + 1], (value, place));
                    Assert.That(place - before, Is.GreaterThan(0.04));
                }
            }

            Assert.That(context.Ids, Has.Length.EqualTo(2_040));
            Assert.That(context.Questions.GroupBy(q => q.Kind).Select(g => g.Count()), Is.EqualTo((int[])[16, 12, 12]));
            foreach (Question question in context.Questions)
            {
                string key = tokenizer.Decode([question.Ids[^1]], DecodeOptions.None);
                IReadOnlyList<int> answer = tokenizer.Encode(bound[key].Value, EncodeOptions.ParseSpecialTokens);
                Assert.That(question.Score(Answered(answer)), Is.EqualTo(1));
                Assert.That(question.Score(Answered([answer[0] ^ 1])), Is.Zero);
            }
        }
    }

    [TestCase("--tasks", "niah_single_9", "There is no task")]
    [TestCase("--methods", "ring@one", "number of ranks")]
    [TestCase("--made", "2", "--book")]
    [TestCase("--what", "2", "There is no option")]
    public void WhatIsNotKnown_IsSaid(string option, string value, string message)
    {
        string[] arguments = option switch
        {
            "--tasks" => [option, value, "--book", ProseFile],
            "--methods" => [option, value, "--tasks", "fwe", "--book", ProseFile, "--lengths", "1024"],
            _ => [option, value],
        };
        CliResult run = Run(arguments);
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Errors, Does.Contain(message));
    }

    private static GenerationResult Answered(IReadOnlyList<int> ids) =>
        new("", ids, [], FinishReason.Length, new TokenUsage(1, 0, 1, TimeSpan.Zero, TimeSpan.Zero));

    /// <summary>A book that is long enough.</summary>
    private static string Long()
    {
        string file = Path.Combine(WorkDirectory, "book.txt");
        File.WriteAllText(file, string.Concat(Enumerable.Repeat(File.ReadAllText(ProseFile), 4)));
        return file;
    }

    private static string WorkDirectory => NUnit.Framework.TestContext.CurrentContext.WorkDirectory;

    private static CliResult Run(params string[] arguments) => Cli.RunProgram("LongContext.Accuracy.dll", "", [Cli.Model, .. arguments]);
}
