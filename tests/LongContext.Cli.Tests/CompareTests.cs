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
        Assert.That(json.GetProperty("speedup").GetDouble(), Is.Positive);
    }

    [Test]
    public void ForPeople_TheFiguresAreSentences() =>
        Assert.That(Cli.Run("compare", Cli.Model, "--prompt", "abc", "--decode", "2").Output, Does.Contain("100.0 % of the tokens").And.Contain("divergence"));
}
