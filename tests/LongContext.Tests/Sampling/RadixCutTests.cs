using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using LongContext.Sampling;
using NUnit.Framework;

namespace LongContext.Tests.Sampling;

[TestFixture]
internal sealed class RadixCutTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    /// <summary>Rows of many kinds: ties, all magnitudes, both zeros, infinities.</summary>
    private static float[] Row(Random random, bool isWeight)
    {
        int kind = random.Next(4);
        float[] row = new float[random.Next(1, 400)];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = kind switch
            {
                0 => random.Next(-3, 4) * 0.5f,
                1 => (random.NextSingle() - 0.5f) * 20,
                2 => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)),
                _ => 5 + (random.NextSingle() * 1e-5f),
            };
            row[i] = float.IsNaN(row[i]) || row[i] == float.PositiveInfinity ? -0f : row[i];
            row[i] = isWeight ? Math.Min(Math.Abs(row[i]), 1e30f) : row[i];
        }

        return row;
    }

    [Test]
    public void KeepCount_AnyRow_KeepsExactlyTheGreatestAndTheLowestIndicesAmongEquals()
    {
        RadixCut cut = new();
        Prop.ForAll(Seeds, seed =>
        {
            Random random = new(seed);
            float[] row = Row(random, isWeight: false);
            int count = random.Next(1, row.Length + 3);
            HashSet<int> expected = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i).Take(count)];

            float[] cutRow = [.. row];
            cut.KeepCount(cutRow, count);
            return Enumerable.Range(0, row.Length).All(i => cutRow[i].Equals(expected.Contains(i) ? row[i] : float.NegativeInfinity));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    [Test]
    public void KeepMass_AnyWeights_KeepsTheFewestGreatestThatReachTheShare()
    {
        RadixCut cut = new();
        Prop.ForAll(Seeds, seed =>
        {
            Random random = new(seed);
            float[] row = Row(random, isWeight: true);
            row[random.Next(row.Length)] = 1; // as the likeliest token weighs
            double share = Math.Max(1e-6, random.NextDouble());
            float[] cutRow = [.. row];
            cut.KeepMass(cutRow, share);

            double total = row.Sum(w => (double)w);
            int[] kept = [.. Enumerable.Range(0, row.Length).Where(i => cutRow[i] != 0)];
            int[] dropped = [.. Enumerable.Range(0, row.Length).Where(i => cutRow[i] == 0 && row[i] != 0)];
            double mass = kept.Sum(i => (double)row[i]);
            double least = kept.Min(i => row[i]);
            const double Rounding = 1e-9;
            return kept.All(i => cutRow[i] == row[i]) &&
                mass >= share * total * (1 - Rounding) &&
                mass - least < share * total * (1 + Rounding) &&
                dropped.All(i => row[i] < least || (row[i] == least && kept.Where(k => row[k] == least).Max() < i));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    [Test]
    public void KeepMass_ALargeVocabulary_IsFast()
    {
        Random random = new(1);
        float[] row = [.. Enumerable.Range(0, 131_072).Select(_ => MathF.Exp(-10 * random.NextSingle()))];
        float[] scratch = new float[row.Length];
        RadixCut cut = new();
        double best = double.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            row.CopyTo(scratch, 0);
            long start = Stopwatch.GetTimestamp();
            cut.KeepMass(scratch, 0.9);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        TestContext.Out.WriteLine($"{best:F2} ms");
        Assert.That(best, Is.LessThan(20), "milliseconds, also without optimisation");
    }
}
