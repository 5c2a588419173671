using LongContext.Tests.Engine;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>Logits along a known continuation, and what is made of two sessions' logits.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class ComparisonTests
{
    [TestCase(1, 1)]
    [TestCase(50, 7)]
    [TestCase(200, 60)] // more rows with logits than a step may have
    public async Task ComputeLogits_AlongAContinuation_AreThoseItWouldBeSampledFrom(int prompt, int continuation)
    {
        HashSession rig = new(chunk: 16);
        await using InferenceSession session = rig.Session;
        int[] ids = [.. Enumerable.Range(0, prompt + continuation).Select(i => 3 + (i * 7 % 20))];

        IReadOnlyList<float[]> logits = await session.ComputeLogitsAsync(Prompt.FromTokens(ids[..prompt]), ids[prompt..]);

        Assert.That(logits, Is.EqualTo(Enumerable.Range(0, continuation).Select(i => HashModel.LogitsAfter(ids[..(prompt + i)]))));
        Assert.That(rig.AllPagesComeBack(), Is.True);
    }

    [Test]
    public async Task ComputeLogits_OfABadContinuation_IsRefused()
    {
        await using InferenceSession session = new HashSession(contextLength: 40).Session;
        Assert.That(async () => await session.ComputeLogitsAsync("abc", []), Throws.TypeOf<InvalidRequestException>().With.Message.Contains("continuation"));
        Assert.That(async () => await session.ComputeLogitsAsync("abc", [9_999]), Throws.TypeOf<InvalidRequestException>().With.Message.Contains("9999"));
        Assert.That(async () => await session.ComputeLogitsAsync("abc", new int[40]), Throws.TypeOf<ContextLengthExceededException>());
    }

    [Test]
    public async Task Compare_WithAnEqualSession_DivergesNowhere()
    {
        string folder = SharedData.Require("models/stories260K");
        await using InferenceSession exact = Open(folder, KVCacheType.Float32);
        await using InferenceSession same = Open(folder, KVCacheType.Float32);
        AttentionComparison comparison = await exact.CompareAttentionAsync(same, "Once upon a time", continuationTokens: 40);

        Assert.That(comparison.Continuation, Has.Count.EqualTo(40));
        Assert.That(comparison.MaxDivergence, Is.Zero);
        Assert.That(comparison.Top1Agreement, Is.EqualTo(1));
        Assert.That(comparison.Speedup, Is.Positive);
    }

    [Test]
    public async Task Compare_WithRoundedKeys_DivergesByWhatTheDefinitionSays()
    {
        string folder = SharedData.Require("models/stories260K");
        await using InferenceSession exact = Open(folder, KVCacheType.Float32);
        await using InferenceSession rounded = Open(folder, KVCacheType.BFloat16);
        AttentionComparison comparison = await exact.CompareAttentionAsync(rounded, "Once upon a time", continuationTokens: 12);

        IReadOnlyList<float[]> p = await exact.ComputeLogitsAsync("Once upon a time", comparison.Continuation);
        IReadOnlyList<float[]> q = await rounded.ComputeLogitsAsync("Once upon a time", comparison.Continuation);
        double[] expected = [.. p.Zip(q, (a, b) => Softmax(a).Zip(Softmax(b), (x, y) => x * Math.Log(x / y)).Sum())];
        Assert.That(comparison.Divergences, Is.EqualTo(expected).Within(1e-9));
        Assert.That(comparison.MeanDivergence, Is.Positive.And.LessThan(1e-3));
    }

    [TestCase(1, 2, AttentionMethod.Full)]
    [TestCase(2, 1, AttentionMethod.RingZigzag)]
    public async Task Compare_OverRanks_TellsDivergenceButNoKeys(int exactRanks, int otherRanks, AttentionMethod exactMethod)
    {
        await using InferenceSession exact = Ranked(exactMethod, exactRanks);
        await using InferenceSession other = Ranked(AttentionMethod.Apb, otherRanks);
        Prompt prompt = new(PromptPart.FromTokens([.. Enumerable.Range(0, 600).Select(i => i * 7 % 256)]), PromptPart.FromTokens([1, 2, 3]));
        AttentionComparison comparison = await exact.CompareAttentionAsync(other, prompt, continuationTokens: 3);

        Assert.That(comparison.MaxDivergence, Is.Positive);
        Assert.That(comparison.KeyRecalls, Is.Empty);
        Assert.That(comparison.AnsweringRecall, Is.Null);
    }

    private static InferenceSession Ranked(AttentionMethod method, int ranks) => InferenceSession.CreateBuilder()
        .UseModel(Path.Combine(SharedData.RepositoryRoot, "samples", "Quickstart", "model")).UseCpu(2).UseContextLength(1_024).UseHosts(ranks)
        .UseAttention(method, new ApproximateAttentionOptions { Hosts = 4, PassingLength = 64, MinimumLength = 0 }).UseWarmUp(WarmUp.None).Build();

    private static double[] Softmax(float[] logits)
    {
        double max = logits.Max();
        double sum = logits.Sum(x => Math.Exp(x - max));
        return [.. logits.Select(x => Math.Exp(x - max) / sum)];
    }

    private static InferenceSession Open(string folder, KVCacheType type) => InferenceSession.CreateBuilder()
        .UseModel(folder).UseCpu(1).UseContextLength(512).UseKVCacheType(type).UsePrecision(ModelPrecision.Float32).UsePrefixReuse(PrefixReuse.Disabled).Build();
}
