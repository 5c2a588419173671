using LongContext.Throughput.Report;
using NUnit.Framework;

namespace LongContext.Cli.Tests.Throughput;

[TestFixture]
internal sealed class FigureTableTests
{
    [Test]
    public void RatiosAreTakenRunByRun_NotFromMedians()
    {
        // A busy run 1 slowed both: the engines differ by 2 in every run, their medians by 2.2.
        FigureTable table = new();
        foreach ((int run, double own, double other) in new[] { (0, 20.0, 10.0), (1, 2.0, 1.0), (2, 10.0, 4.0), (3, 10.0, 5.0) })
        {
            table.Add("speed", "a", run, own);
            table.Add("speed", "b", run, other);
        }

        Assert.That(table.RatioTo("speed", "b"), Is.EqualTo(new Spread(2, 2, 2.5)));
    }

    [Test]
    public void RunsThatOneEngineLacks_AreLeftOutOfTheRatio_NotOfTheMedian()
    {
        FigureTable table = new();
        table.Add("speed", "a", 0, 10);
        table.Add("speed", "a", 1, 30);
        table.Add("speed", "b", 1, 10);
        table.Add("other", "a", 0, 1);

        Assert.That(table.Of("speed", "a"), Is.EqualTo(new Spread(20, 10, 30)));
        Assert.That(table.RatioTo("speed", "b"), Is.EqualTo(new Spread(3, 3, 3)));
        Assert.That(table.RatioTo("other", "b"), Is.Null);
        Assert.That(table.Of("other", "b"), Is.Null);
    }

    [Test]
    public void TableIsMarkdown_InTheOrderOfTheFirstValues()
    {
        FigureTable table = new();
        Assert.That(table.IsEmpty);
        table.Add("prefill 512, tokens/s", "a", 0, 100);
        table.Add("prefill 512, tokens/s", "b", 0, 50);
        table.Add("load, s", "a", 0, 0.5);

        Assert.That(table.IsEmpty, Is.False);
        Assert.That(table.ToString(), Is.EqualTo(
            "| median (min-max) | a | b | a ÷ b |\n" +
            "| --- | --- | --- | --- |\n" +
            "| prefill 512, tokens/s | 100 (100-100) | 50.0 (50.0-50.0) | 2.00 (2.00-2.00) |\n" +
            "| load, s | 0.50 (0.50-0.50) |  |  |\n"));
    }
}
