using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
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
        File.WriteAllBytes(_folder.File("heads.safetensors"), RandomHeads());
    }

    [OneTimeTearDown]
    public void DeleteModel() => _folder.Dispose();

    [Test]
    public async Task Logits_OverRanks_AreThoseOfOneMachineWithTheSameBlocks(
        [Values("1 rank, 2 blocks", "2 ranks, 2 blocks", "2 ranks, 4 blocks", "4 ranks, 4 blocks", "4 ranks, 8 blocks", "2 ranks, 6 blocks")] string cut,
        [Values("star", "random", "recent", "query", "distinct", "heads", "none", "context only")] string what) =>
        await AssertLikeOneMachine(cut[0] - '0', cut[^8] - '0', what, contextTokens: 709, chunk: null);

    [Test]
    public async Task Logits_OfAContextReadInManySteps_AreThoseOfOneMachine(
        [Values(2, 4)] int ranks, [Values("star", "random", "query", "distinct", "heads")] string what, [Values(100, 333)] int chunk) =>
        await AssertLikeOneMachine(ranks, 8, what, contextTokens: 1_001, chunk);

    [Test]
    public async Task Logits_OverRanks_DependOnWhatIsPassedOn()
    {
        (AttentionMethod method, ApproximateAttentionOptions options) = Case("random");
        using InferenceSession session = Builder(method, options).UseHosts(2).Build();
        using InferenceSession other = Builder(method, options with { Seed = 10 }).UseHosts(2).Build();
        float[] a = (await session.ComputeLogitsAsync(PromptOf(709)))[0], b = (await other.ComputeLogitsAsync(PromptOf(709)))[0];
        Assert.That(Distance(a, b), Is.GreaterThan(1e-3));
    }

    [Test]
    public async Task Answers_OfManyAtOnce_AreThoseOfEachAlone([Values(AttentionMethod.Star, AttentionMethod.Apb)] AttentionMethod method)
    {
        using InferenceSession session = Builder(method, Small).UseHosts(3).UseChunkSize(300).Build();
        List<IReadOnlyList<int>> alone = [];
        int[] lengths = [90, 411, 20, 605, 333];
        foreach (int length in lengths)
        {
            alone.Add((await session.GenerateAsync(PromptOf(length), Options(20))).TokenIds);
        }

        GenerationResult[] together = await Task.WhenAll(lengths.Select(n => session.GenerateAsync(PromptOf(n), Options(20))));
        Assert.That(together.Select(r => r.TokenIds), Is.EqualTo(alone));
    }

    [Test]
    public async Task Answers_OfManyAtOnce_WhereMemoryIsScarce_AreThoseOfEachAlone()
    {
        // A context read in small steps fills one rank after another: its pages must be there on each, whatever else has grown meanwhile.
        InferenceSessionBuilder builder = Builder(AttentionMethod.Star, Small with { Hosts = 4 }).UseHosts(4).UseChunkSize(64)
            .UseContextLength(3_000).UseKVCacheTokens(3_000).UseMaxConcurrentRequests(4);
        using InferenceSession session = builder.Build();
        (int Length, int New)[] asked = [(30, 500), (1_800, 5), (40, 400), (31, 500), (1_700, 5), (33, 300)];
        List<IReadOnlyList<int>> alone = [];
        foreach ((int length, int tokens) in asked)
        {
            alone.Add((await session.GenerateAsync(PromptOf(length), Options(tokens))).TokenIds);
        }

        GenerationResult[] together = await Task.WhenAll(asked.Select(a => session.GenerateAsync(PromptOf(a.Length), Options(a.New))));
        Assert.That(together.Select(r => r.TokenIds), Is.EqualTo(alone));
    }

    [Test]
    public async Task Prefill_MovesWhatTheFormulaSays([Values(1, 2, 4)] int ranks, [Values] KVCacheType type, [Values(null, 500)] int? chunk)
    {
        // Eight whole blocks of 192 tokens; an anchor of 5 tokens of the query and 123 of the context, so that block 0 has 69 to choose from.
        const int blocks = 8, passing = 64;
        ApproximateAttentionOptions options = Small with { Hosts = blocks, AnchorLength = 10, PassingLength = passing, Compressor = CompressorKind.Recent };
        await using RankedRig rig = new(ranks, _ => Chunked(Builder(AttentionMethod.Apb, options).UseContextLength(2_000).UseKVCacheType(type), chunk));
        await rig.Session.GenerateAsync(PromptOf(blocks * 192), Options(1));

        int b = type == KVCacheType.BFloat16 ? 2 : 4;
        for (int rank = 0; rank < ranks; rank++)
        {
            long sent = (blocks / ranks) - (rank == LastBlocksRank(blocks, ranks) ? 1 : 0); // the last block's keys are not sent
            Assert.That(
                rig.Communicators[rank].Traffic(CommPhase.PassingBlocks).BytesSent,
                Is.EqualTo((ranks - 1) * sent * passing * 2 * KVHeads * HeadDim * b * Layers), $"rank {rank}");
        }

        Assert.That(rig.Sent(CommPhase.RingKeyValue), Is.Zero, "the context's keys never move");
    }

    [Test]
    public async Task Decode_AndTheQuery_MoveQueriesAndStatesAlone([Values(2, 4)] int ranks)
    {
        const int decoded = 10, width = 4 * HeadDim;
        await using RankedRig rig = new(ranks, _ => Builder(AttentionMethod.Star, Small with { Hosts = ranks }));
        await rig.Session.GenerateAsync(PromptOf(512), Options(decoded + 1));
        Assert.Multiple(() =>
        {
            Assert.That(rig.Sent(CommPhase.PassingBlocks), Is.Zero, "Star passes nothing");
            Assert.That(rig.Sent(CommPhase.MoveQuery), Is.EqualTo((ranks - 1) * width * 4L * Layers * (QueryTokens + decoded)));
            Assert.That(rig.CachedTokens(1), Is.InRange(512 / ranks, (512 / ranks) + QueryTokens + decoded), "each rank keeps its own block alone");
        });
    }

    [Test]
    public async Task Timeline_OfAContext_HasTheExchangeUnderTheAttentionToBlocks()
    {
        List<StepTimeline> timelines = [];
        using InferenceSession session = Builder(AttentionMethod.Apb, Small with { Compressor = CompressorKind.Random }).UseHosts(3).UseTimeline(rank =>
        {
            timelines.Add(new StepTimeline(rank));
            return timelines[^1];
        }).Build();
        await session.GenerateAsync(PromptOf(700), Options(1));
        foreach (StepTimeline timeline in timelines)
        {
            IReadOnlyList<TimelineSpan> spans = timeline.Take();
            for (int layer = 0; layer < Layers; layer++)
            {
                TimelineSpan exchange = spans.Single(s => s.Name == "passing blocks" && s.Layer == layer);
                TimelineSpan wait = spans.Single(s => s.Name == "wait for passing blocks" && s.Layer == layer);
                TimelineSpan block = spans.Single(s => s.Name == "attention to anchor and block" && s.Layer == layer);
                TimelineSpan passed = spans.Single(s => s.Name == "attention to passing blocks" && s.Layer == layer);
                Assert.That(exchange.Start, Is.LessThanOrEqualTo(block.Start), "it is on its way before attention starts");
                Assert.That(wait.Start, Is.GreaterThanOrEqualTo(block.End), "and not waited for before that ends");
                Assert.That(passed.Start, Is.GreaterThanOrEqualTo(exchange.End));
                Assert.That((exchange.Kind, wait.Kind, block.Kind), Is.EqualTo((TimelineKind.Communication, TimelineKind.Communication, TimelineKind.Compute)));
            }
        }
    }

    [Test]
    public async Task Cancel_InALongStep_LeavesTheOthersInItUnharmed([Values(AttentionMethod.Star, AttentionMethod.Apb)] AttentionMethod method)
    {
        using InferenceSession session = Builder(method, Small).UseHosts(3).Build();
        GenerationResult expected = await session.GenerateAsync(PromptOf(200), Options(60));
        GenerationResult read = await session.GenerateAsync(PromptOf(709), Options(5));
        Task<GenerationResult> kept = session.GenerateAsync(PromptOf(200), Options(60));
        for (int i = 0; i < 14; i++)
        {
            using CancellationTokenSource source = new();
            Task<GenerationResult> cancelled = session.GenerateAsync(PromptOf(1_001), Options(100), source.Token);
            source.CancelAfter(TimeSpan.FromMilliseconds(i)); // now before, now in, now after its first step
            await Task.WhenAny(cancelled);
        }

        Assert.That((await kept).TokenIds, Is.EqualTo(expected.TokenIds));
        Assert.That((await session.GenerateAsync(PromptOf(709), Options(5))).TokenIds, Is.EqualTo(read.TokenIds));
    }

    [Test]
    public async Task ShortPrompt_IsReadExactlyOverTheRanks_AndSaysSo()
    {
        using InferenceSession one = Builder(AttentionMethod.Full, new()).Build();
        using InferenceSession session = Builder(AttentionMethod.Apb, new()).UseHosts(2).Build();
        GenerationResult result = await session.GenerateAsync(PromptOf(300), Options(10));
        Assert.That(result.Usage.Attention, Is.EqualTo(AttentionMethod.RingZigzag));
        Assert.That(result.TokenIds, Is.EqualTo((await one.GenerateAsync(PromptOf(300), Options(10))).TokenIds));
    }

    [Test]
    public void Build_WithBlocksThatTheRanksCannotShare_SaysWhatToChange() => Assert.Multiple(() =>
    {
        Assert.That(
            () => Builder(AttentionMethod.Apb, new() { Hosts = 8 }).UseHosts(3).Build(),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("Hosts(8)").And.Message.Contains("multiple of the 3 ranks").And.Message.Contains("6"));
        Assert.That(
            () => Builder(AttentionMethod.Star, new() { Hosts = 2 }).UseHosts(4).Build(),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("multiple of the 4 ranks"));
    });

    [Test]
    public void Ranks_StartedWithDifferentPassingLengths_AllSayWhich()
    {
        RankedRig rig = new(2, rank => Builder(AttentionMethod.Apb, Small with { PassingLength = 64 * (rank + 1) }));
        Assert.That(rig.Join(), Is.True);
        Assert.That(rig.Thrown, Is.All.TypeOf<CommunicatorException>().And.All.Message.Contains("PassingLength = 64").And.All.Message.Contains("PassingLength = 128"));
    }

    [Test]
    public async Task EstimateMemory_OverRanks_IsEnoughForWhatEachAllocates(
        [Values(2, 4)] int ranks, [Values("star", "query")] string what, [Values(null, 1_000)] int? chunk)
    {
        (AttentionMethod method, ApproximateAttentionOptions options) = Case(what);
        List<MeteredBackend> made = [];
        InferenceSessionBuilder builder = Chunked(Builder(method, options).UseContextLength(4_000).UseKVCacheTokens(4_000).UseMaxConcurrentRequests(1), chunk)
            .UseHosts(ranks).UseWarmUp(WarmUp.None);
        MemoryEstimate estimate = builder.EstimateMemory(4_000);
        using InferenceSession session = builder.UseBackend(() =>
        {
            made.Add(new MeteredBackend());
            return made[^1];
        }).Build();
        GenerationResult result = await session.GenerateAsync(PromptOf(3_900), Options(2));
        Assert.That(result.Usage.Attention, Is.EqualTo(method));
        Assert.That(made, Has.Count.EqualTo(ranks));
        Assert.That(made.Select(b => b.CacheBytes), Is.All.LessThanOrEqualTo(estimate.KVCacheBytes));
        Assert.That(made.Max(b => b.CacheBytes), Is.GreaterThan(0.85 * estimate.KVCacheBytes));
        Assert.That(made.Select(b => b.TensorBytes), Is.All.LessThanOrEqualTo(estimate.ActivationBytes).And.All.GreaterThan(0.25 * estimate.ActivationBytes));
    }

    [Test]
    public void EstimateMemory_OverRanks_IsOneRanksPart()
    {
        ApproximateAttentionOptions paper = new() { AnchorLength = 64, PassingLength = 64 };
        MemoryEstimate one = Large(AttentionMethod.Full).EstimateMemory(32_000);
        MemoryEstimate four = Large(AttentionMethod.Apb, paper).UseHosts(4).EstimateMemory(32_000);
        MemoryEstimate more = Large(AttentionMethod.Apb, paper with { PassingLength = 1_024 }).UseHosts(4).EstimateMemory(32_000);
        MemoryEstimate waves = Large(AttentionMethod.Apb, paper with { PassingLength = 1_024 }).UseHosts(4).UseChunkSize(8_000).EstimateMemory(32_000);
        long entry = 2 * KVHeads * HeadDim * sizeof(float), passed = 7 * (1_024 - 64) * entry; // of eight blocks, the last passes nothing
        const int anchor = 2 * 64; // and of the query as many as of the context
        Assert.Multiple(() =>
        {
            Assert.That(four.Ranks, Is.EqualTo(4));
            Assert.That(four.KVCacheBytes, Is.LessThan(0.3 * one.KVCacheBytes).And.GreaterThan(0.25 * one.KVCacheBytes));
            Assert.That(more.KVCacheBytes - four.KVCacheBytes, Is.EqualTo(passed), "for one layer at a time");
            Assert.That(waves.KVCacheBytes - more.KVCacheBytes, Is.EqualTo((Layers - 1) * ((7 * 1_024) + anchor) * entry), "in all layers");
        });

        InferenceSessionBuilder Large(AttentionMethod method, ApproximateAttentionOptions? options = null) => InferenceSession.CreateBuilder()
            .UseModel(_model).UseKVCacheType(KVCacheType.Float32).UseContextLength(32_000).UseMaxConcurrentRequests(1).UseAttention(method, options);
    }

    private static int LastBlocksRank(int blocks, int ranks) => (blocks / ranks) % 2 == 0 ? 0 : ranks - 1; // forwards, then backwards

    private async Task AssertLikeOneMachine(int ranks, int blocks, string what, int contextTokens, int? chunk)
    {
        (AttentionMethod method, ApproximateAttentionOptions options) = Case(what);
        options = options with { Hosts = blocks };
        using InferenceSession one = Builder(method, options).UseChunkSize(120).Build();
        await using RankedRig rig = new(ranks, _ => Chunked(Builder(method, options), chunk));
        Prompt prompt = PromptOf(contextTokens);

        IReadOnlyList<float[]> expected = await one.ComputeLogitsAsync(prompt, LogitPositions.All);
        IReadOnlyList<float[]> computed = await rig.Session.ComputeLogitsAsync(prompt, LogitPositions.All);
        Assert.That(computed, Has.Count.EqualTo(expected.Count));
        Assert.That(computed.Zip(expected, Distance).Max(), Is.LessThan(2e-4));
        GenerationResult result = await rig.Session.GenerateAsync(prompt, Options(12));
        Assert.That(result.TokenIds, Is.EqualTo((await one.GenerateAsync(prompt, Options(12))).TokenIds));
        Assert.That(result.Usage.Attention, Is.EqualTo(method));
    }

    /// <summary>Retaining heads that nobody has trained.</summary>
    private static byte[] RandomHeads()
    {
        const int width = 24, inputs = (4 + (2 * KVHeads)) * HeadDim;
        SafetensorsWriter writer = new();
        for (int layer = 0; layer < Layers; layer++)
        {
            writer.Tensor($"model.layers.{layer}.self_attn.fc1.weight", DType.F32, [width, inputs], TestData.Normal(width * inputs, layer + 1));
            writer.Tensor($"model.layers.{layer}.self_attn.fc2.weight", DType.F32, [KVHeads, width], TestData.Normal(KVHeads * width, layer + 9));
        }

        return writer.ToArray();
    }

    private static InferenceSessionBuilder Chunked(InferenceSessionBuilder builder, int? chunk) => chunk is { } size ? builder.UseChunkSize(size) : builder;

    private (AttentionMethod Method, ApproximateAttentionOptions Options) Case(string what) => what switch
    {
        "star" => (AttentionMethod.Star, Small),
        "random" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.Random, Seed = 9 }),
        "recent" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.Recent, AnchorLayout = AnchorLayout.Released }),
        "query" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.QueryAware }),
        "distinct" => (AttentionMethod.Apb, Small with { Compressor = CompressorKind.Distinct }),
        "heads" => (AttentionMethod.Apb, Small with { RetainingHeadsPath = _folder.File("heads.safetensors") }),
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
