using LongContext.Sampling;
using NUnit.Framework;

namespace LongContext.Tests.Sampling;

[TestFixture]
internal sealed class LogitRowTests
{
    [Test]
    public void Max_OfAnyLengthAndPlace_IsTheGreatest([Values(1, 7, 8, 16, 17, 33, 1000)] int length)
    {
        float[] row = [.. Enumerable.Range(0, length).Select(i => -1f - i)];
        for (int i = 0; i < length; i++)
        {
            float before = row[i];
            row[i] = 5;
            Assert.That(LogitRow.Max(row), Is.EqualTo(5f));
            row[i] = float.NaN;
            Assert.That(LogitRow.Max(row), Is.NaN);
            row[i] = before;
        }
    }

    [Test]
    public void Weigh_AnyLength_IsTheExponential_AndTheSameWhereverAValueStands([Values(1, 7, 16, 19, 100)] int length)
    {
        float[] row = [.. Enumerable.Range(0, length).Select(i => i % 3 == 2 ? float.NegativeInfinity : -0.37f * i)];
        double[] expected = [.. row.Select(l => Math.Exp((l - 0.5) / 0.8))];
        float[] shifted = [9, .. row];
        LogitRow.Weigh(row, 0.5f, 0.8f);
        LogitRow.Weigh(shifted, 0.5f, 0.8f);
        Assert.Multiple(() =>
        {
            Assert.That(row.Select(w => (double)w), Is.EqualTo(expected).Within(1e-6));
            Assert.That(shifted[1..], Is.EqualTo(row));
        });
    }
}
