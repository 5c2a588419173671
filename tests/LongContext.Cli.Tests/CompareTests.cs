using System.Text.Json;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class CompareTests
{
    [Test]
    public void FullAgainstFull_DivergesNowhere()
    {
        JsonElement json = Cli.Run("compare", Cli.Model, "--prompt", new string('a', 300), "--decode", "5", "--json").Json;

        Assert.That(json.GetProperty("meanDivergence").GetDouble(), Is.Zero);
        Assert.That(json.GetProperty("top1Agreement").GetDouble(), Is.EqualTo(1));
        Assert.That(json.GetProperty("continuation").GetArrayLength(), Is.EqualTo(5));
        Assert.That(json.GetProperty("readingRecall").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(json.GetProperty("keyRecalls").GetArrayLength(), Is.Zero);
        Assert.That(json.GetProperty("speedup").GetDouble(), Is.Positive);
    }

    [Test]
    public void ApbAgainstFull_TellsWhichKeysItKept()
    {
        string[] arguments = ["compare", Cli.Model, "--prompt", new string('a', 1_500), "--query", "[GET][K1]", "--decode", "2", "--attention", "apb", "--hosts", "4", "--passing", "64", "--compressor", "random"];
        JsonElement json = Cli.Run([.. arguments, "--json"]).Json;

        Assert.That(json.GetProperty("keyRecalls").GetArrayLength(), Is.EqualTo(6)); // 3 layers, 2 KV heads
        Assert.That(json.GetProperty("readingRecall").GetDouble(), Is.GreaterThan(0).And.LessThan(1));
        Assert.That(json.GetProperty("answeringRecall").GetDouble(), Is.GreaterThan(0).And.LessThan(1));
        Assert.That(Cli.Run(arguments).Output, Does.Contain("keys kept").And.Contain("layer 2"));
    }

    [Test]
    public void ForPeople_TheFiguresAreSentences() =>
        Assert.That(Cli.Run("compare", Cli.Model, "--prompt", "abc", "--decode", "2").Output, Does.Contain("100.0 % of the tokens").And.Contain("divergence"));
}
