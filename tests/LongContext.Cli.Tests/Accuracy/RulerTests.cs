using System.Text.RegularExpressions;
using LongContext.Accuracy.Ruler;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Cli.Tests.Accuracy;

/// <summary>The rules of RULER's tasks, on samples made with the small model's tokenizer and the samples' prose.</summary>
[TestFixture]
internal sealed partial class RulerTests
{
    private static readonly ITokenizer Tokenizer = TokenizerLoader.Load(Cli.Model, null);
    private static readonly RulerPrompts Prompts = new(Tokenizer, null);
    private static readonly string Prose = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "prose.txt"));
    private static readonly Book Book = new(Prose);

    private static IEnumerable<TestCaseData> TasksAndLengths =>
        from task in RulerTasks.Names from length in (int[])[2_048, 6_000] select new TestCaseData(task, length);

    [TestCaseSource(nameof(TasksAndLengths))]
    public void Answers_FollowFromTheText(string task, int length)
    {
        for (int i = 0; i < 5; i++)
        {
            RulerSample sample = Sample(task, length, i).Sample;
            Assert.That(RulerSolver.Solve(task, sample.Context, sample.Question), Is.EquivalentTo(sample.Answers), $"sample {i}");
            Assert.That(sample.Answers, Is.Unique);
        }
    }

    [TestCaseSource(nameof(TasksAndLengths))]
    public void Length_IsFilledAndNeverExceeded(string task, int length)
    {
        RulerTask made = Task(task);
        RulerSampler sampler = new(made, Prompts, length, seed: 3);
        for (int i = 0; i < 5; i++)
        {
            (_, int[] context, int[] query) = sampler.Next(i)!.Value;
            int tokens = context.Length + query.Length + made.TokensToGenerate;
            Assert.That(tokens, Is.LessThanOrEqualTo(length));
            Assert.That(tokens, Is.GreaterThan(made.MaxSize < 1_000 ? 0 : 0.85 * length), "a step more would fit"); // the prose has few words
            Assert.That(Tokenizer.Encode(sampler.Next(i)!.Value.Sample.Context, EncodeOptions.AddSpecialTokens), Is.EqualTo(context));
        }
    }

    [TestCaseSource(nameof(TasksAndLengths))]
    public void Samples_AreThoseOfTheirSeed(string task, int length)
    {
        RulerSample sample = Sample(task, length, 1).Sample;
        Assert.That(Sample(task, length, 1).Sample.Context, Is.EqualTo(sample.Context));
        Assert.That(Sample(task, length, 2).Sample.Context, Is.Not.EqualTo(sample.Context));
        Assert.That(Sample(task, length, 1, seed: 4).Sample.Context, Is.Not.EqualTo(sample.Context));
    }

    [Test]
    public void Needles_InAnEssay_StandAtDifferentOnesOfFortyDepths([Values("niah_single_2", "niah_multikey_1")] string task)
    {
        HashSet<int> seen = [];
        for (int i = 0; i < 200; i++)
        {
            string[] text = SentenceEnds().Split(Task(task).Make(500, 2_048, new Random(i)).Context.Split('\n', 2)[1].Trim());
            int[] needles = [.. Enumerable.Range(0, text.Length).Where(s => text[s].StartsWith("One of the special magic", StringComparison.Ordinal))];
            Assert.That(needles, Has.Length.EqualTo(task == "niah_single_2" ? 1 : 4));
            int sentences = text.Length - needles.Length;
            int[] depths = [.. needles.Select((at, before) => Depth(at - before, sentences))];
            Assert.That(depths, Has.None.EqualTo(-1), "a place that is no depth");
            seen.UnionWith(depths);
        }

        Assert.That(seen.Min(), Is.Zero);
        Assert.That(seen.Max(), Is.EqualTo(39));
        Assert.That(seen, Has.Count.GreaterThan(25)); // an essay of few sentences: some depths fall together
    }

    [Test]
    public void Needles_AmongLines_StandAnywhere()
    {
        int[] places = [.. Enumerable.Range(0, 300).Select(i => Array.FindIndex(
            Task("niah_single_1").Make(50, 2_048, new Random(i)).Context.Split('\n')[1..], l => l.StartsWith("One of", StringComparison.Ordinal)))];
        Assert.That(places.Min(), Is.LessThan(3));
        Assert.That(places.Max(), Is.InRange(47, 49));
        Assert.That(places.Average(), Is.InRange(20, 30));
    }

    [Test]
    public void Kinds_OfKeysAndValues_AreRulers()
    {
        Assert.That(Sample("niah_single_3", 2_048, 0).Sample.Answers.Single(), Does.Match("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"));
        Assert.That(Sample("niah_single_1", 2_048, 0).Sample.Answers.Single(), Does.Match("^[1-9][0-9]{6}$"));
        Assert.That(Sample("niah_multiquery", 2_048, 0).Sample.Answers, Has.Count.EqualTo(4));
        Assert.That(Sample("niah_multivalue", 2_048, 0).Sample.Answers, Has.Count.EqualTo(4));
        Assert.That(Sample("vt", 2_048, 0).Sample.Answers, Is.All.Match("^[A-Z]{5}$").And.Exactly(5).Items);
        Assert.That(RulerTasks.Names.Select(n => Task(n).TokensToGenerate), Is.EqualTo((int[])[128, 128, 128, 128, 128, 128, 128, 128, 30, 120, 50]));
    }

    [Test]
    public void CommonWords_ComeAsOftenAsTheRulesSay([Values(2_048, 4_096)] int length)
    {
        string context = Task("cwe").Make(60, length, new Random(1)).Context;
        var counts = context[context.LastIndexOf("The following is", StringComparison.Ordinal)..].Split('\n')[1].Split(' ').Where((_, i) => i % 2 == 1).GroupBy(w => w).Select(g => g.Count()).ToArray();
        (int common, int other) = length >= 4_096 ? (30, 3) : (6, 1);
        Assert.That(counts.Count(c => c == common), Is.EqualTo(10));
        Assert.That(counts.Count(c => c == other), Is.EqualTo(60));
        Assert.That(counts, Has.Length.EqualTo(70));
    }

    [Test]
    public void Score_IsTheShareOfTheExpectedStrings_WhateverTheirCase()
    {
        RulerTask task = Task("vt");
        Assert.That(task.Score("they are AB and cd.", ["ab", "CD", "EF", "gh"]), Is.EqualTo(0.5));
        Assert.That(task.Score("", ["ab"]), Is.Zero);
        Assert.That(task.Score("1234567 is it", ["1234567"]), Is.EqualTo(1));
    }

    [Test]
    public void Documents_HaveTheGoldOneAndAnswersOfWhichOneIsEnough()
    {
        DocumentQuestionTask task = new(Squad);
        for (int i = 0; i < 20; i++)
        {
            RulerSample sample = task.Make(4, 2_048, new Random(i));
            Assert.That(Documents().Count(sample.Context), Is.EqualTo(4));
            Assert.That(sample.Answers, Is.All.Matches<string>(sample.Context.Contains));
            Assert.That(sample.Question, Does.Not.Contain("moon"), "it has no answer");
            Assert.That(task.Score($"It is {sample.Answers[0].ToUpperInvariant()}.", sample.Answers), Is.EqualTo(1));
            Assert.That(task.Score("no idea", sample.Answers), Is.Zero);
        }

        Assert.That(() => new DocumentQuestionTask("""{"data":[]}"""), Throws.TypeOf<FormatException>());
    }

    [Test]
    public void Template_IsCutWhereTheQuestionBegins()
    {
        RulerSample sample = Sample("niah_single_2", 2_048, 0).Sample;
        RulerPrompts chat = new(Tokenizer, text => $"<user>{text}</user><assistant>");
        (int[] context, int[] query) = chat.Encode(sample);
        Assert.That(Tokenizer.Decode(context, DecodeOptions.None), Is.EqualTo($"<user>{sample.Context}"));
        Assert.That(Tokenizer.Decode(query, DecodeOptions.None), Is.EqualTo($"{sample.Question}</user><assistant>{sample.AnswerPrefix.TrimStart()}"));
    }

    [Test]
    public void Sample_ThatCannotFit_IsNone() => Assert.That(new RulerSampler(Task("cwe"), Prompts, 200, 0).Next(0), Is.Null);

    private const string Squad = """
        {"data":[
          {"paragraphs":[
            {"context":"Rivers: the Aare flows through Bern.","qas":[{"question":"What flows through Bern?","answers":[{"text":"Aare"},{"text":"the Aare"}]},{"question":"How far is the moon?","answers":[],"is_impossible":true}]},
            {"context":"Mountains: the Eiger is high.","qas":[]}]},
          {"paragraphs":[
            {"context":"Trees: oaks grow slowly.","qas":[{"question":"What grows slowly?","answers":[{"text":"oaks"}]}]},
            {"context":"Birds sing.","qas":[]},{"context":"Fish swim.","qas":[]}]}]}
        """;

    private static RulerTask Task(string name) => RulerTasks.Create(name, Book, Prompts.Count, null);

    private static (RulerSample Sample, int[] Context, int[] Query) Sample(string task, int length, int index, int seed = 3) =>
        new RulerSampler(Task(task), Prompts, length, seed).Next(index)!.Value;

    /// <summary>Which of 40 evenly spaced depths puts a needle before this sentence; −1: none.</summary>
    private static int Depth(int sentence, int sentences) => Enumerable.Range(0, 40).FirstOrDefault(d => sentences * d / 39 == sentence, -1);

    [GeneratedRegex(@"(?<=[.!?]['""”’]?) | (?=One of the special)")] // the last sentence may be cut off
    private static partial Regex SentenceEnds();

    [GeneratedRegex(@"Document \d+:\n")]
    private static partial Regex Documents();
}
