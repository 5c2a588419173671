using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>Star and APB over ranks: what one machine computes with the same blocks, what is moved for it, and when.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class BlocksOverRanksTests
{
    // The model "tiny".
    private const int Layers = 2, KVHeads = 2, HeadDim = 16, QueryTokens = 5;

    private static readonly ApproximateAttentionOptions Small = new() { AnchorLength = 50, PassingLength = 60, MinimumLength = 0 };

    private TemporaryFolder _folder = null!;
    private string _model = "";

    [OneTimeSetUp]
    public void WriteModel()
    {
        _folder = new TemporaryFolder();
        _model = _folder.File("tiny.gguf");
        GoldenModel.WriteGguf(_model, "tiny", DType.F32);
    }

    [OneTimeTearDown]
    public void DeleteModel() => _folder.Dispose();

    [Test]
    public async Task Logits_OverRanks_AreThoseOfOneMachineWithTheSameBlocks(
        [Values(1, 2, 4)] int ranks, [Values(1, 2)] int blocksOfARank, [Values("star", "random", "recent", "query", "none", "context only")] string what,
        [Values(null, 333)] int? chunk)
    {
        (AttentionMethod method, ApproximateAttentionOptions options) = Case(what);
        options = options with { Hosts = ranks * blocksOfARank };
        using InferenceSession one = Builder(method, options).UseChunkSize(120).Build();
        InferenceSessionBuilder Ranked() => chunk is { } size ? Builder(method, options).UseChunkSize(size) : Builder(method, options);
        await using RankedRig rig = new(ranks, _ => Ranked());
        Prompt prompt = PromptOf(997);

        IReadOnlyList<float[]> expected = await one.ComputeLogitsAsync(prompt, LogitPositions.All);
        IReadOnlyList<float[]> computed = await rig.Session.ComputeLogitsAsync(prompt, LogitPositions.All);
        Assert.That(computed, Has.Count.EqualTo(expected.Count));
        Assert.That(computed.Zip(expected, Distance).Max(), Is.LessThan(2e-4));
        GenerationResult result = await rig.Session.GenerateAsync(prompt, Options(12));
        Assert.That(result.TokenIds, Is.EqualTo((await one.GenerateAsync(prompt, Options(12))).TokenIds));
        Assert.That(result.Usage.Attention, Is.EqualTo(method));
    }

    private static (AttentionMethod Method, ApproximateAttentionOptions Options) Case(string what) => what switch
    {
        "star" => (AttentionMethod.Star, Small),
        "random" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.Random, Seed = 9 }),
        "recent" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.Recent, AnchorLayout = AnchorLayout.Released }),
        "query" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.QueryAware }),
        "none" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.None, AnchorLength = 0 }),
        _ => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.Random, AnchorLayout = AnchorLayout.ContextOnly }),
    };

    private static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max();

    private static GenerationOptions Options(int maxNewTokens) => new() { MaxNewTokens = maxNewTokens, EndOfSequence = EndOfSequenceHandling.Ignore };

    private static Prompt PromptOf(int contextTokens)
    {
        Random random = new(contextTokens);
        int[] tokens = [.. Enumerable.Range(0, contextTokens + QueryTokens).Select(_ => random.Next(320))];
        return new Prompt(PromptPart.FromTokens(tokens[..contextTokens]), PromptPart.FromTokens(tokens[contextTokens..]));
    }

    private InferenceSessionBuilder Builder(AttentionMethod method, ApproximateAttentionOptions options) => InferenceSession.CreateBuilder()
        .UseModel(_model).UseCpu(1).UseContextLength(1_200).UseKVCacheTokens(2_400).UseKVCacheType(KVCacheType.Float32)
        .UsePrecision(ModelPrecision.Float32).UseAttention(method, options);
}
