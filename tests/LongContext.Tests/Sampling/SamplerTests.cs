using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using LongContext.Sampling;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Sampling;

[TestFixture]
internal sealed class SamplerTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    private static float[] RandomRow(int size, int seed, double scale = 3)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, size).Select(_ => (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    private static int Draw(Sampler sampler, float[] row) => sampler.Sample([.. row], null).TokenId;

    [Test]
    public void Sample_Greedy_TakesTheGreatestLogitAndTheLowestIdAmongEquals()
    {
        Prop.ForAll(Seeds, seed =>
        {
            Random random = new(seed);
            float[] row = [.. Enumerable.Range(0, random.Next(1, 300)).Select(_ => (float)random.Next(-3, 4))]; // many ties
            return Draw(new Sampler(SamplingOptions.Greedy, row.Length), row) == Array.IndexOf(row, row.Max());
        }).QuickCheckThrowOnFailure();
    }

    [TestCase(new[] { 0f, float.NaN, 1 }, 1)]
    [TestCase(new[] { float.NaN }, 0)]
    [TestCase(new[] { float.PositiveInfinity, 0f }, 0)]
    [TestCase(new[] { float.NegativeInfinity, float.NegativeInfinity }, 0)]
    public void Sample_LogitsThatAreNoNumbers_IsATypedErrorThatNamesTheToken(float[] row, int token)
    {
        foreach (float temperature in new[] { 0f, 1 })
        {
            Sampler sampler = new(new SamplingOptions { Temperature = temperature, TopK = 1 }, row.Length);
            InvalidLogitsException? error = Assert.Throws<InvalidLogitsException>(() => Draw(sampler, row));
            Assert.That(error!.TokenId, Is.EqualTo(token));
        }
    }

    [Test]
    public void Sample_NegativeInfinity_IsNeverChosen()
    {
        float[] row = [float.NegativeInfinity, 0, float.NegativeInfinity, 0];
        Sampler sampler = new(new SamplingOptions { Temperature = 100, TopP = 0.999f, TopK = 3 }, row.Length);
        Assert.That(Enumerable.Range(0, 500).Select(_ => Draw(sampler, row)).Distinct().Order(), Is.EqualTo(new[] { 1, 3 }));
    }

    [Test]
    public void Sample_TopKOfOneOrTinyTemperature_IsGreedy()
    {
        Prop.ForAll(Seeds, seed =>
        {
            float[] row = RandomRow(200, seed);
            int greedy = Draw(new Sampler(SamplingOptions.Greedy, row.Length), row);
            return new SamplingOptions[]
            {
                new() { Temperature = 100, TopK = 1 }, new() { Temperature = 1e-40f }, new() { Temperature = 1, TopP = 1e-9f }, new() { Temperature = 1, MinP = 1 },
            }.All(options => Draw(new Sampler(options, row.Length), row) == greedy);
        }).QuickCheckThrowOnFailure();
    }

    private static IEnumerable<TestCaseData> Settings() => new (string Name, SamplingOptions Options)[]
    {
        ("temperature", new() { Temperature = 1 }),
        ("cold", new() { Temperature = 0.5f }),
        ("hot", new() { Temperature = 3 }),
        ("top-k", new() { Temperature = 1, TopK = 5 }),
        ("top-p", new() { Temperature = 1, TopP = 0.7f }),
        ("min-p", new() { Temperature = 1, MinP = 0.15f }),
        ("top-p of top-k", new() { Temperature = 1.5f, TopK = 8, TopP = 0.6f }),
        ("all filters", new() { Temperature = 1.2f, TopK = 12, TopP = 0.9f, MinP = 0.05f }),
        ("bias", new() { Temperature = 1, LogitBias = new Dictionary<int, float> { [0] = 4, [3] = float.NegativeInfinity, [7] = -2 } }),
        ("repetition", new() { Temperature = 1, RepetitionPenalty = 1.7f }),
        ("presence", new() { Temperature = 1, PresencePenalty = 1.5f }),
        ("frequency", new() { Temperature = 1, FrequencyPenalty = 0.4f }),
        ("everything", new()
        {
            Temperature = 0.9f, TopK = 15, TopP = 0.95f, MinP = 0.02f, RepetitionPenalty = 1.2f, PresencePenalty = 0.3f, FrequencyPenalty = 0.1f,
            LogitBias = new Dictionary<int, float> { [2] = 1, [5] = -1 },
        }),
    }.Select(s => new TestCaseData(s.Options).SetArgDisplayNames(s.Name));

    [TestCaseSource(nameof(Settings))]
    public void Sample_ManySeeds_FollowTheReferenceDistribution(SamplingOptions options)
    {
        const int Draws = 5_000;
        float[] row = RandomRow(20, 7, scale: 1.5);
        int[] prompt = [1, 1, 4, 9];
        int[] generated = []; // two tokens are generated first, greedily chosen by a bias below
        int[] counts = new int[row.Length];
        for (int draw = 0; draw < Draws; draw++)
        {
            Sampler sampler = new(options with { Seed = (ulong)draw }, row.Length);
            sampler.AddPromptTokens(prompt.AsSpan(0, 2));
            sampler.AddPromptTokens(prompt.AsSpan(2));
            generated = [Draw(sampler, Only(row, 6)), Draw(sampler, Only(row, 6)), Draw(sampler, Only(row, 9))];
            counts[Draw(sampler, row)]++;
        }

        Assert.That(generated, Is.EqualTo(new[] { 6, 6, 9 }));
        double[] expected = ReferenceSampler.Distribution(row, options, prompt, generated);
        double statistic = 0;
        int bins = 0;
        for (int id = 0; id < row.Length; id++)
        {
            if (expected[id] == 0)
            {
                Assert.That(counts[id], Is.Zero, $"token {id} should have been filtered");
                continue;
            }

            bins++;
            statistic += Math.Pow(counts[id] - (Draws * expected[id]), 2) / (Draws * expected[id]);
        }

        int freedom = bins - 1;
        Assert.That(statistic, Is.LessThan(freedom + (4 * Math.Sqrt(2 * freedom)) + 1), $"chi-square with {freedom} degrees of freedom");
    }

    /// <summary>A row in which no other token can be chosen, whatever the penalties.</summary>
    private static float[] Only(float[] row, int id) => [.. row.Select((_, i) => i == id ? 20_000f : -20_000f)];

    [Test]
    public void Sample_SameSeed_GivesTheSameTokensAndAnotherSeedOthers()
    {
        int[] Run(ulong seed)
        {
            Sampler sampler = new(new SamplingOptions { Temperature = 1, TopP = 0.95f, Seed = seed }, 500);
            return [.. Enumerable.Range(0, 50).Select(i => Draw(sampler, RandomRow(500, i)))];
        }

        int[] first = Run(5);
        Assert.That(Run(5), Is.EqualTo(first));
        Assert.That(Run(6), Is.Not.EqualTo(first));
    }

    [TestCase(0ul, 0x99ec5f36cb75f2b4ul)]
    [TestCase(42ul, 0x15780b2e0c2ec716ul)]
    public void RandomSource_IsXoshiroSeededBySplitMix(ulong seed, ulong first)
    {
        RandomSource source = new(seed);
        Assert.That(source.NextBits(), Is.EqualTo(first)); // from an implementation in Python
    }

    [Test]
    public void Sample_LogProbabilities_AreTheModelsBeforeAnyFilter()
    {
        Prop.ForAll(Seeds, seed =>
        {
            float[] row = RandomRow(50, seed, scale: 20);
            SamplingOptions options = new()
            {
                Temperature = 2, TopK = 3, RepetitionPenalty = 2, LogitBias = new Dictionary<int, float> { [seed % 50] = 30 }, Seed = (ulong)seed,
            };
            Sampler sampler = new(options, row.Length);
            sampler.AddPromptTokens([1, 2, 3]);
            SampledToken token = sampler.Sample([.. row], 4);

            double sum = row.Sum(l => Math.Exp((double)l - row.Max()));
            double Expected(int id) => (double)row[id] - row.Max() - Math.Log(sum);
            int[] likeliest = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i).Take(4)];
            return token.LogProbabilities[0].TokenId == token.TokenId &&
                token.LogProbabilities.Skip(1).Select(p => p.TokenId).SequenceEqual(likeliest) &&
                token.LogProbabilities.All(p => Math.Abs(p.LogProbability - Expected(p.TokenId)) < 1e-9);
        }).QuickCheckThrowOnFailure();
    }

    [TestCase(null, 0)]
    [TestCase(0, 1)]
    [TestCase(3, 4)]
    [TestCase(100, 6)] // the vocabulary has 5 tokens
    public void Sample_LogProbabilitiesAskedFor_ComeWithTheChosenOneFirst(int? top, int count)
    {
        SampledToken token = new Sampler(SamplingOptions.Greedy, 5).Sample([0, 2, 1, 2, -1], top);
        Assert.That(token.LogProbabilities, Has.Count.EqualTo(count));
        Assert.That(token.LogProbabilities.Skip(1).Select(p => p.TokenId), Is.EqualTo(new[] { 1, 3, 2, 0, 4 }.Take(count - 1)));
    }

    [Test]
    public void Sample_AfterWarmUp_AllocatesNothing()
    {
        SamplingOptions options = new()
        {
            Temperature = 1, TopK = 500, TopP = 0.9f, MinP = 0.01f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f,
            LogitBias = new Dictionary<int, float> { [3] = 1 },
        };
        float[] row = RandomRow(32_000, 1);
        float[] scratch = new float[row.Length];
        foreach (SamplingOptions o in new[] { options, SamplingOptions.Greedy })
        {
            Sampler sampler = new(o, row.Length);
            long allocated = Allocations.OfThisThread(
                () =>
                {
                    row.CopyTo(scratch, 0);
                    sampler.Sample(scratch, null);
                },
                warmUp: 20,
                repeats: 20);
            Assert.That(allocated, Is.Zero);
        }
    }

    [Test]
    public void Sample_ALargeVocabularyWithAllFilters_IsFast()
    {
        float[] row = RandomRow(131_072, 3);
        float[] scratch = new float[row.Length];
        Sampler sampler = new(new SamplingOptions { Temperature = 1, TopK = 1_000, TopP = 0.95f, MinP = 0.01f }, row.Length);
        double best = double.MaxValue;
        Stopwatch all = Stopwatch.StartNew();
        for (int i = 0; i < 20 || (best > 20 && all.Elapsed.TotalSeconds < 10); i++) // until the code is compiled for speed
        {
            row.CopyTo(scratch, 0);
            long start = Stopwatch.GetTimestamp();
            sampler.Sample(scratch, null);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        TestContext.Out.WriteLine($"{best:F2} ms");
        Assert.That(best, Is.LessThan(20), "milliseconds, also without optimisation");
    }

    [Test]
    public void Sample_RowOfAnotherLength_IsRefused() =>
        Assert.That(() => new Sampler(SamplingOptions.Greedy, 3).Sample(new float[4], null), Throws.ArgumentException);
}
