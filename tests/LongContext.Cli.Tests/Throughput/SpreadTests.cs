using LongContext.Throughput.Report;
using NUnit.Framework;

namespace LongContext.Cli.Tests.Throughput;

[TestFixture]
internal sealed class SpreadTests
{
    [TestCase(new[] { 5.0 }, 5.0, 5.0, 5.0)]
    [TestCase(new[] { 3.0, 1.0 }, 2.0, 1.0, 3.0)]
    [TestCase(new[] { 9.0, 1.0, 4.0 }, 4.0, 1.0, 9.0)]
    [TestCase(new[] { 8.0, 2.0, 100.0, 4.0 }, 6.0, 2.0, 100.0)]
    public void MedianIsTheMiddle_OrTheMeanOfTheTwoMiddleOnes(double[] values, double median, double min, double max)
    {
        Assert.That(Spread.Of(values), Is.EqualTo(new Spread(median, min, max)));
    }

    [Test]
    public void OrderDoesNotMatter_AndHalfLiesOnEitherSide()
    {
        Random random = new(7);
        for (int count = 1; count < 40; count++)
        {
            double[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];
            Spread spread = Spread.Of(values);

            Assert.That(Spread.Of(values.Reverse()), Is.EqualTo(spread));
            Assert.That(values.Count(value => value <= spread.Median), Is.GreaterThanOrEqualTo((count + 1) / 2));
            Assert.That(values.Count(value => value >= spread.Median), Is.GreaterThanOrEqualTo((count + 1) / 2));
            Assert.That((spread.Min, spread.Max), Is.EqualTo((values.Min(), values.Max())));
        }
    }

    [Test]
    public void NothingHasNoMedian() => Assert.That(() => Spread.Of([]), Throws.ArgumentException);

    [Test]
    public void ThreeDigitsAreShown() =>
        Assert.That(new Spread(123.4, 12.34, 1234.5).ToString(), Is.EqualTo("123 (12.3-1234)"));
}
