using System.Text.Json;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

/// <summary>The model's little language gives the truth: after <c>[SET][K1][V2]</c>, <c>[GET][K1]</c> is answered by <c>[V2]</c>.</summary>
[TestFixture]
internal sealed class GenerationTests
{
    private const string Context = "It rained. [SET][K1][V2] The ferry left. [SET][K5][V6] Nobody came.";
    private const int V2 = 896 + 2;

    [Test]
    public void Run_Json_HasEveryField()
    {
        JsonElement json = Cli.Run("run", Cli.Model, "--prompt", Context, "--query", "[GET][K1]", "--max-tokens", "3", "--ignore-eos", "--json").Json;

        Assert.That(json.GetProperty("text").GetString(), Does.StartWith("[V2]"));
        Assert.That(json.GetProperty("tokenIds").EnumerateArray().Select(e => e.GetInt32()).First(), Is.EqualTo(V2));
        Assert.That(json.GetProperty("tokenIds").GetArrayLength(), Is.EqualTo(3));
        Assert.That(json.GetProperty("finishReason").GetString(), Is.EqualTo("length"));
        Assert.That(json.GetProperty("promptTokens").GetInt32(), Is.EqualTo(Tokens(Context) + 2));
        Assert.That(json.GetProperty("ttftMs").GetDouble(), Is.Positive);
        Assert.That(json.GetProperty("prefillTokensPerSecond").GetDouble(), Is.Positive);
        Assert.That(json.GetProperty("decodeTokensPerSecond").GetDouble(), Is.Positive);
        Assert.That(json.GetProperty("peakRssBytes").GetInt64(), Is.GreaterThan(10_000_000));
    }

    [Test]
    public void Run_OneToken_HasNoDecodeSpeed()
    {
        JsonElement json = Cli.Run("run", Cli.Model, "--ids", "704,707,769,898,709,769", "--max-tokens", "1", "--json").Json;

        Assert.That(json.GetProperty("text").GetString(), Is.EqualTo("[V2]"));
        Assert.That(json.GetProperty("decodeTokensPerSecond").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void Run_WithoutJson_WritesTextToOutput_AndFiguresButNoProgressBarToErrors()
    {
        CliResult result = Cli.Run("run", Cli.Model, "--prompt", Context + "[GET][K1]", "--max-tokens", "1");

        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.Output, Is.EqualTo("[V2]\n"));
        Assert.That(result.Errors, Does.Contain("tokens/s").And.Not.Contain("\r").And.Not.Contain("["));
    }

    [Test]
    public void Run_IdsFileAndQueryIds_AreTakenAsTheyAre()
    {
        using TemporaryFolder folder = new();
        string ids = folder.Write("ids.json", "[704, 707, 769, 898]\n");

        JsonElement json = Cli.Run("run", Cli.Model, "--ids-file", ids, "--query-ids", "709,769", "--max-tokens", "1", "--json").Json;

        Assert.That(json.GetProperty("text").GetString(), Is.EqualTo("[V2]"));
        Assert.That(json.GetProperty("promptTokens").GetInt32(), Is.EqualTo(6));
    }

    [TestCase("--chunk", "1")]
    [TestCase("--chunk", "7")]
    [TestCase("--threads", "1")]
    [TestCase("--kv", "f32")]
    [TestCase("--precision", "float32")]
    [TestCase("--attention", "full")]
    [TestCase("--context", "128")]
    public void Run_EngineOption_KeepsTheAnswer(string option, string value)
    {
        CliResult result = Cli.Run("run", Cli.Model, "--prompt", Context, "--query", "[GET][K5]", "--max-tokens", "1", option, value);

        Assert.That(result.Output, Is.EqualTo("[V6]\n"), result.Errors);
    }

    [Test]
    public void Run_Sampling_IsRepeatableBySeed()
    {
        string Sample(string seed) => Cli.Run(
            "run", Cli.Model, "--prompt", Context, "--max-tokens", "24", "--ignore-eos", "--temperature", "1.5", "--top-k", "50", "--top-p", "0.95", "--seed", seed).Output;

        string first = Sample("1");

        Assert.That(Sample("1"), Is.EqualTo(first));
        Assert.That(Sample("2"), Is.Not.EqualTo(first));
    }

    [Test]
    public void Run_StopSequence_EndsTheTextBeforeIt()
    {
        JsonElement json = Cli.Run("run", Cli.Model, "--prompt", Context, "--query", "[GET][K1]", "--stop", "[V2]", "--json").Json;

        Assert.That(json.GetProperty("text").GetString(), Is.Empty);
        Assert.That(json.GetProperty("finishReason").GetString(), Is.EqualTo("stopSequence"));
    }

    [TestCase("--context", "run", "--ids", "704,707", "--context", "64", "--max-tokens", "64")] // too long for the context
    [TestCase("1023", "run", "--ids", "704,1024")] // beyond the vocabulary
    [TestCase("1023", "logits", "--ids", "704,1024")]
    [TestCase("Temperature", "run", "--prompt", "x", "--temperature", "-1")]
    [TestCase("TopP", "run", "--prompt", "x", "--top-p", "0")]
    [TestCase("hunk", "run", "--prompt", "x", "--chunk", "1000000")]
    [TestCase("32768", "run", "--prompt", "x", "--context", "1000000")]
    public void BadRequest_IsExplained_AndIsBadInput(string explanation, string command, params string[] options)
    {
        CliResult result = Cli.Run([command, Cli.Model, .. options]);

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Errors.Replace(",", "", StringComparison.Ordinal), Does.Contain(explanation));
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    public void Logits_Last_AreOneNumberPerToken_TheLikeliestOneIsTheAnswer()
    {
        JsonElement json = Cli.Run("logits", Cli.Model, "--ids", "704,707,769,898,709,769", "--precision", "float32", "--kv", "f32", "--json").Json;

        float[] logits = Row(json.GetProperty("logits"));
        Assert.That(json.GetProperty("promptTokens").GetInt32(), Is.EqualTo(6));
        Assert.That(json.GetProperty("vocabularySize").GetInt32(), Is.EqualTo(1024));
        Assert.That(logits, Has.Length.EqualTo(1024));
        Assert.That(Array.IndexOf(logits, logits.Max()), Is.EqualTo(V2));
    }

    [Test]
    public void Logits_All_EndWithTheLastOnes()
    {
        string[] prompt = ["logits", Cli.Model, "--ids", "704,707,769,898,709,769", "--precision", "float32", "--kv", "f32"];

        float[][] all = [.. Cli.Run([.. prompt, "--all", "--json"]).Json.GetProperty("logits").EnumerateArray().Select(Row)];
        float[] last = Row(Cli.Run([.. prompt, "--json"]).Json.GetProperty("logits"));

        Assert.That(all.Select(row => row.Length), Is.EqualTo(Enumerable.Repeat(1024, 6)));
        Assert.That(all[^1], Is.EqualTo(last).Within(1e-4f));
    }

    [Test]
    public void Logits_AsText_AreTheSameNumbersAsJson()
    {
        string[] prompt = ["logits", Cli.Model, "--ids", "704,707,769,898", "--threads", "1"];

        float[] text = [.. Cli.Run(prompt).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => float.Parse(line, System.Globalization.CultureInfo.InvariantCulture))];

        Assert.That(text, Is.EqualTo(Row(Cli.Run([.. prompt, "--json"]).Json.GetProperty("logits"))));
    }

    private static float[] Row(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetSingle())];

    private static int Tokens(string text) => Cli.Run("tokenize", Cli.Model, "--text", text, "--json").Json.GetProperty("count").GetInt32();
}
