using System.Text.Json;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class TokenizeTests
{
    // From the model's README: <s> is 704, [SET] 707, [Ki] 768 + i, [Vj] 896 + j.
    private const string Fact = "[SET][K17][V93]";
    private static readonly int[] FactIds = [707, 768 + 17, 896 + 93];

    [Test]
    public void Tokenize_AddsTheBeginningOfSequence()
    {
        JsonElement json = Cli.Run("tokenize", Cli.Model, "--text", Fact, "--json").Json;

        Assert.That(Ids(json), Is.EqualTo(new[] { 704 }.Concat(FactIds)));
        Assert.That(json.GetProperty("count").GetInt32(), Is.EqualTo(4));
    }

    [Test]
    public void Tokenize_NoSpecial_AddsNothing()
    {
        Assert.That(Ids(Cli.Run("tokenize", Cli.Model, "--text", Fact, "--no-special", "--json").Json), Is.EqualTo(FactIds));
    }

    [Test]
    public void Tokenize_WithoutJson_PrintsTheIdsInALine()
    {
        Assert.That(Cli.Run("tokenize", Cli.Model, "--text", Fact).Output, Is.EqualTo("704 707 785 989\n"));
    }

    [Test]
    public void Tokenize_BareTokenizerJson_GivesTheModelsIds()
    {
        string tokenizer = Path.Combine(Cli.Model, "tokenizer.json");

        Assert.That(Ids(Cli.Run("tokenize", tokenizer, "--text", Fact, "--no-special", "--json").Json), Is.EqualTo(FactIds));
    }

    [Test]
    public void Tokenize_VocabularyOnlyGguf_GivesItsGoldenIds()
    {
        string gguf = SharedData.Require("tokenizers/gguf-vocab/ggml-vocab-qwen2.gguf");
        string[] answers = File.ReadAllLines(gguf + ".out");
        int last = Array.FindLastIndex(answers, line => line.Length > 0);
        string text = File.ReadAllText(gguf + ".inp").Split("\n__ggml_vocab_test__\n")[last]; // the longest case
        int[] expected = [.. answers[last].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        using TemporaryFolder folder = new();

        JsonElement json = Cli.Run("tokenize", gguf, "--file", folder.Write("case.txt", text), "--no-special", "--json").Json;

        Assert.That(Ids(json), Is.EqualTo(expected));
    }

    [Test]
    public void Detokenize_IsTheWayBack()
    {
        using TemporaryFolder folder = new();
        const string Text = "Grüße, 世界 🙂\n  two  spaces\tand [SET][K1][V2].";
        string file = folder.Write("text.txt", Text);
        string ids = folder.Write("ids.txt", Cli.Run("tokenize", Cli.Model, "--file", file, "--no-special").Output);

        Assert.That(Cli.Run("detokenize", Cli.Model, "--ids-file", ids, "--json").Json.GetProperty("text").GetString(), Is.EqualTo(Text));
    }

    [Test]
    public void Detokenize_SkipSpecial_LeavesOutTheBeginningOfSequence()
    {
        Assert.That(Cli.Run("detokenize", Cli.Model, "--ids", "704,707").Output, Is.EqualTo("<s>[SET]\n"));
        Assert.That(Cli.Run("detokenize", Cli.Model, "--ids", "704,707", "--skip-special").Output, Is.EqualTo("[SET]\n"));
    }

    [Test]
    public void Tokenize_StandardInputAsFile_IsRead()
    {
        Assert.That(Cli.RunWithInput(Fact, "tokenize", Cli.Model, "--file", "-").Output, Is.EqualTo("704 707 785 989\n"));
    }

    [Test]
    public void TokenizeLines_AnswersEveryLine_BadOnesWithAnError()
    {
        string input = string.Join('\n', """{"text": "[SET]"}""", "no json", """{"txt": "x"}""", """{"text": 5}""", """{"text": "\ud800"}""", "[1]", """{"text": ""}""", """{"text": "[K0]"}""");

        CliResult result = Cli.RunWithInput(input, "tokenize", Cli.Model, "--jsonl", "--no-special");

        Assert.That(result.ExitCode, Is.Zero);
        IReadOnlyList<JsonElement> answers = result.JsonLines;
        Assert.That(answers, Has.Count.EqualTo(8));
        Assert.That(Ids(answers[0]), Is.EqualTo(new[] { 707 }));
        Assert.That(Ids(answers[6]), Is.Empty);
        Assert.That(Ids(answers[7]), Is.EqualTo(new[] { 768 }));
        foreach (JsonElement answer in answers.Skip(1).Take(5))
        {
            Assert.That(answer.GetProperty("error").GetString(), Is.Not.Empty);
        }
    }

    [Test]
    public void DetokenizeLines_AnswersEveryLine_BadOnesWithAnError()
    {
        string input = string.Join('\n', """{"ids": [704, 707]}""", """{"ids": [99999]}""", """{"ids": [-1]}""", """{"ids": "1"}""", """{"ids": []}""") + "\n";

        CliResult result = Cli.RunWithInput(input, "detokenize", Cli.Model, "--jsonl", "--skip-special");

        Assert.That(result.ExitCode, Is.Zero);
        IReadOnlyList<JsonElement> answers = result.JsonLines;
        Assert.That(answers, Has.Count.EqualTo(5));
        Assert.That(answers[0].GetProperty("text").GetString(), Is.EqualTo("[SET]"));
        Assert.That(answers[4].GetProperty("text").GetString(), Is.Empty);
        foreach (JsonElement answer in answers.Skip(1).Take(3))
        {
            Assert.That(answer.GetProperty("error").GetString(), Is.Not.Empty);
        }
    }

    [Test]
    public void Detokenize_IdOutOfRange_IsBadInput()
    {
        Assert.That(Cli.Run("detokenize", Cli.Model, "--ids", "99999").ExitCode, Is.EqualTo(2));
    }

    [Test]
    public void Tokenize_FileThatIsNoTokenizer_IsBadInput()
    {
        using TemporaryFolder folder = new();

        Assert.That(Cli.Run("tokenize", folder.Write("tokenizer.json", "{\"model\": 5}"), "--text", "x").ExitCode, Is.EqualTo(2));
        Assert.That(Cli.Run("tokenize", folder.Write("vocab.gguf", "GGUF"), "--text", "x").ExitCode, Is.EqualTo(2));
    }

    private static int[] Ids(JsonElement json) => [.. json.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
}
