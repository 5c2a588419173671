using LongContext.Attention.Compression;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

[TestFixture]
internal sealed class TokenSelectionTests
{
    [Test]
    public void Top_OfAnyScores_IsThatOfASort([Values(1, 2, 17, 500)] int length, [Values(2, 5, 1_000)] int distinct)
    {
        Random random = new((length * 31) + distinct);
        float[] scores = [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(distinct))];
        scores[random.Next(length)] = float.NegativeInfinity;
        for (int count = 0; count <= length; count += Math.Max(1, length / 7))
        {
            int[] chosen = new int[count];
            TokenSelection.Top(scores, new float[length], chosen);
            IEnumerable<int> expected = Enumerable.Range(0, length).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(count).Order();
            Assert.That(chosen, Is.EqualTo(expected));
        }
    }

    [Test]
    public void MaxPool_EveryToken_HasTheLargestOfItsNeighbours([Values(1, 3, 5)] int width)
    {
        float[] scores = [3, float.NaN, 1, -2, 9, 4, float.NegativeInfinity, 0];
        float[] pooled = new float[scores.Length];
        TokenSelection.MaxPool(scores, width, pooled);
        float[] expected = [.. scores.Select((_, i) => scores.Where((s, j) => Math.Abs(i - j) <= width / 2 && !float.IsNaN(s))
            .DefaultIfEmpty(float.NegativeInfinity).Max())];
        Assert.That(pooled, Is.EqualTo(expected));
    }
}
