using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>Approximate methods in whole sessions of the small retrieval model that comes with the samples.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class ApproximateAttentionTests
{
    private static readonly ApproximateAttentionOptions ThreeHosts = new() { Hosts = 3, AnchorLength = 64, PassingLength = 64, MinimumLength = 0 };

    [Test]
    public async Task Logits_WithEverythingPassedOn_AreThoseOfFullAttention()
    {
        float[][] full = await Logits(AttentionMethod.Full, new());
        ApproximateAttentionOptions everything = ThreeHosts with { AnchorLength = 0, PassingLength = 4_096, Compressor = CompressorKind.Random };
        AssertClose(await Logits(AttentionMethod.Apb, everything), full);
        AssertClose(await Logits(AttentionMethod.Apb, ThreeHosts with { Hosts = 1 }), full);
    }

    [Test]
    public async Task Logits_OfStarAndOfApbThatPassesNothing_DifferFromFullOnlyAfterTheFirstBlock()
    {
        float[][] full = await Logits(AttentionMethod.Full, new());
        foreach (float[][] logits in (float[][][])[
            await Logits(AttentionMethod.Star, ThreeHosts), await Logits(AttentionMethod.Apb, ThreeHosts with { Compressor = CompressorKind.None })])
        {
            AssertClose(logits[..192], full[..192]);
            Assert.That(Distance(logits[^1], full[^1]), Is.GreaterThan(1e-3));
        }
    }

    [Test]
    public async Task Answers_OfManyAtOnce_AreThoseOfEachAlone([Values(AttentionMethod.Star, AttentionMethod.Apb)] AttentionMethod method)
    {
        await using InferenceSession session = Session(method, ThreeHosts);
        GenerationOptions options = new() { MaxNewTokens = 5, EndOfSequence = EndOfSequenceHandling.Ignore };
        List<int[]> alone = [];
        for (int i = 0; i < 4; i++)
        {
            GenerationResult one = await session.GenerateAsync(PromptOf(i), options);
            Assert.That(one.Usage.Attention, Is.EqualTo(method));
            alone.Add([.. one.TokenIds]);
        }

        GenerationResult[] together = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => session.GenerateAsync(PromptOf(i), options)));
        Assert.That(together.Select(r => r.TokenIds), Is.EqualTo(alone));
        Assert.That(together.Select(r => r.Usage.CachedTokens), Is.All.Zero);
    }

    [Test]
    public async Task ShortPrompt_IsReadWithFullAttention_AndSaysSo()
    {
        await using InferenceSession session = Session(AttentionMethod.Apb, new());
        GenerationResult result = await session.GenerateAsync(PromptOf(0), new GenerationOptions { MaxNewTokens = 2 });
        Assert.That(result.Usage.Attention, Is.EqualTo(AttentionMethod.Full));
    }

    [Test]
    public void Build_OptionsOutOfRange_AreAllReported()
    {
        ApproximateAttentionOptions wrong = new()
        {
            Hosts = 0, AnchorLength = -1, PassingLength = -2, MinimumLength = -3, QueryTokens = 0, AnchorLayout = (AnchorLayout)9,
            Compressor = CompressorKind.RetainingHeads, AnchorKV = AnchorKV.KeptForQuery, QueryMask = (QueryMask)7,
        };
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => Session(AttentionMethod.Apb, wrong))!;
        foreach (string option in (string[])["Hosts(0)", "AnchorLength(-1)", "PassingLength(-2)", "MinimumLength(-3)", "QueryTokens(0)", "AnchorLayout(9)", "AnchorKV(KeptForQuery)", "QueryMask(7)", "RetainingHeadsPath(null)"])
        {
            Assert.That(e.Problems, Has.Some.Contains(option));
        }

        Assert.That(
            () => Session(AttentionMethod.Apb, new() { Compressor = CompressorKind.QueryAware, AnchorLength = 0 }),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("no query in it"));
    }

    private static async Task<float[][]> Logits(AttentionMethod method, ApproximateAttentionOptions options)
    {
        await using InferenceSession session = Session(method, options);
        return [.. await session.ComputeLogitsAsync(PromptOf(1), LogitPositions.All)];
    }

    private static InferenceSession Session(AttentionMethod method, ApproximateAttentionOptions options) => InferenceSession.CreateBuilder()
        .UseModel(Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model"))
        .UseCpu(threads: 2)
        .UseContextLength(1_024)
        .UseKVCacheTokens(1_536)
        .UseKVCacheType(KVCacheType.Float32)
        .UsePrecision(ModelPrecision.Float32)
        .UseChunkSize(100)
        .UseAttention(method, options)
        .Build();

    private static Prompt PromptOf(int seed)
    {
        Random random = new(seed);
        int[] context = [.. Enumerable.Range(0, 520 + (40 * seed)).Select(_ => random.Next(256))];
        return new Prompt(PromptPart.FromTokens(context), PromptPart.FromTokens([1, 2, 3]));
    }

    private static void AssertClose(float[][] actual, float[][] expected)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        Assert.That(actual.Zip(expected, Distance).Max(), Is.LessThan(2e-4));
    }

    private static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max();
}
