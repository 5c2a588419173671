using LongContext.Backends.Cpu;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.Tests.Engine;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

[TestFixture]
internal sealed class BuilderTests
{
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
    public void Build_WithManyMistakes_NamesThemAllAtOnce()
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseCpu(-1).UseContextLength(0).UseKVCacheTokens(63).UseChunkSize(0).UseMaxConcurrentRequests(0).UseMaxQueuedRequests(-1)
            .UseKVCacheType((KVCacheType)9).UsePrecision((ModelPrecision)9).UseAttention((AttentionMethod)99).UsePrefixReuse((PrefixReuse)9);
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => builder.Build())!;
        string[] expected =
        [
            "UseModel", "UseCpu(-1)", "UseContextLength(0)", "UseKVCacheTokens(63)", "UseChunkSize(0)", "UseMaxConcurrentRequests(0)",
            "UseMaxQueuedRequests(-1)", "UseKVCacheType(9)", "UsePrecision(9)", "UseAttention(99)", "UsePrefixReuse(9)",
        ];
        Assert.That(error.Problems, Has.Count.EqualTo(expected.Length));
        foreach (string name in expected)
        {
            Assert.That(error.Problems, Has.Some.Contains(name));
        }
    }

    [Test]
    public void Build_WithALinkRootThatIsNotThere_SaysSo()
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder().UseModel(_model, linkRoot: _folder.File("absent"));
        Assert.That(Assert.Throws<ConfigurationException>(() => builder.Build())!.Problems, Has.One.Contains("linkRoot"));
    }

    [Test]
    public async Task Build_WithALogThatThrows_WorksAsWithoutOne()
    {
        Prompt prompt = Prompt.FromTokens([1, 2, 3]);
        GenerationOptions options = new() { MaxNewTokens = 4, EndOfSequence = EndOfSequenceHandling.Ignore };
        await using InferenceSession silent = Builder().Build();
        await using InferenceSession session = Builder().UseLogger(new BrokenLog()).Build();

        GenerationResult result = await session.GenerateAsync(prompt, options);

        Assert.That(result.TokenIds, Is.EqualTo((await silent.GenerateAsync(prompt, options)).TokenIds));
        await session.DisposeAsync(); // the engine's thread logs this too
        Assert.That(async () => await session.GenerateAsync(prompt, options), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Build_WithOptionsThatWouldOverflowTheSizes_NamesThemAll()
    {
        InferenceSessionBuilder builder = Builder()
            .UseChunkSize(int.MaxValue).UseMaxConcurrentRequests(int.MaxValue).UseKVCacheTokens(long.MaxValue);

        ConfigurationException error = Assert.Throws<ConfigurationException>(() => builder.Build())!;

        Assert.That(error.Problems, Has.Some.Contains("UseChunkSize(2147483647)"));
        Assert.That(error.Problems, Has.Some.Contains("UseMaxConcurrentRequests(2147483647)"));
        Assert.That(error.Problems, Has.Some.Contains("UseKVCacheTokens(9223372036854775807)"));
    }

    [TestCase(0, 512, true)]
    [TestCase(1, 512, false)]   // the model was made for one token less
    [TestCase(0, 16_384, true)]
    [TestCase(0, 16_385, false)]
    public void Build_AtTheLimits_IsRefusedExactlyBeyondThem(int extraContext, int chunk, bool fits)
    {
        int most = MaxContext();
        InferenceSessionBuilder builder = Builder().UseContextLength(most + extraContext).UseChunkSize(chunk);
        if (fits)
        {
            using InferenceSession session = builder.Build();
            Assert.That(session.ContextLength, Is.EqualTo(most));
        }
        else
        {
            ConfigurationException error = Assert.Throws<ConfigurationException>(() => builder.Build())!;
            Assert.That(error.Message, Does.Contain(extraContext > 0 ? $"{most}" : "16384"));
        }
    }

    [Test]
    public void Build_WithAMistakeAndAContextBeyondTheModels_NamesBoth()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => Builder().UseContextLength(MaxContext() + 1).UseChunkSize(0).Build())!;
        Assert.That(error.Problems, Has.Count.EqualTo(2));
    }

    [Test]
    public void Build_OfFewerKVTokensThanTheContext_IsRefused()
    {
        Assert.That(() => Builder().UseContextLength(128).UseKVCacheTokens(127).Build(), Throws.TypeOf<ConfigurationException>());
        using InferenceSession session = Builder().UseKVCacheTokens(100).Build();
        Assert.That(session.ContextLength, Is.EqualTo(100), "a context that was not asked for gives way");
    }

    [Test]
    public void Build_OnACpuWithoutTheMemory_SaysSoBeforeLoading()
    {
        SessionSizesProbe sizes = new(_model);
        Assert.Multiple(() =>
        {
            Assert.That(sizes.Problems(memory: 1_000), Has.One.Contains("1000"));
            Assert.That(sizes.Problems(memory: long.MaxValue), Is.Empty);
            Assert.That(sizes.Problems(memory: null), Is.Empty);
        });
    }

    [Test]
    public void Build_Twice_IsRefused()
    {
        InferenceSessionBuilder builder = Builder();
        builder.Build().Dispose();
        Assert.That(() => builder.Build(), Throws.InvalidOperationException);
    }

    [Test]
    public void Build_OfWhatIsNoModel_SaysWhatIsWrongWithTheFile()
    {
        string bad = _folder.Write("bad.gguf", "no model");
        Assert.Multiple(() =>
        {
            Assert.That(() => InferenceSession.CreateBuilder().UseModel(bad).Build(), Throws.TypeOf<ModelFormatException>());
            Assert.That(() => InferenceSession.CreateBuilder().UseModel(bad + "x").Build(), Throws.TypeOf<ConfigurationException>().With.Message.Contains("bad.ggufx"));
            Assert.That(() => InferenceSession.CreateBuilder().UseModel(""), Throws.ArgumentException);
        });
    }

    [Test]
    public void Build_ThatFails_DisposesTheBackend()
    {
        CountingBackend backend = new();
        Assert.That(() => Builder().UseBackend(() => backend).Build(), Throws.TypeOf<NotSupportedException>());
        Assert.That(backend.Disposals, Is.EqualTo(1));
    }

    [Test]
    public async Task BuildAsync_ReportsEveryByte_AndLoadsOffTheCallersThread()
    {
        List<(LoadProgress Progress, string? Thread)> reports = [];
        await using InferenceSession session = await Builder().BuildAsync(
            new DirectProgress<LoadProgress>(p => reports.Add((p, Thread.CurrentThread.Name))));
        Assert.Multiple(() =>
        {
            Assert.That(reports[^1].Progress.BytesDone, Is.EqualTo(reports[^1].Progress.BytesTotal));
            Assert.That(reports[^1].Progress.BytesTotal, Is.EqualTo(session.Model.WeightBytes));
            Assert.That(reports.Select(r => r.Thread), Is.All.EqualTo("LongContext loader"));
        });
    }

    [Test]
    public void BuildAsync_Cancelled_LoadsNoFurther()
    {
        using CancellationTokenSource source = new();
        int reports = 0;
        Task<InferenceSession> build = Builder().BuildAsync(
            new DirectProgress<LoadProgress>(_ =>
            {
                reports++;
                source.Cancel();
            }),
            source.Token);
        Assert.That(async () => await build, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(reports, Is.EqualTo(1));
    }

    [TestCase(KVCacheType.Float32, 4)]
    [TestCase(KVCacheType.BFloat16, 2)]
    public void EstimateMemory_BeforeAndAfterBuilding_IsTheSameAndCountsEveryByteOfTheCache(KVCacheType type, int bytes)
    {
        MemoryEstimate before = Builder().UseKVCacheType(type).EstimateMemory(1_000);
        using InferenceSession session = Builder().UseKVCacheType(type).Build();
        ModelInfo model = session.Model;
        long slots = (16 + 1) * 64; // 1,000 tokens are 16 pages, and one more
        Assert.Multiple(() =>
        {
            Assert.That(session.EstimateMemory(1_000), Is.EqualTo(before));
            Assert.That(before.KVCacheBytes, Is.EqualTo(2L * model.Layers * slots * model.KVHeads * model.HeadDim * bytes));
            Assert.That(before.WeightBytes, Is.EqualTo(model.WeightBytes).And.GreaterThan(0));
            Assert.That(before.ActivationBytes, Is.GreaterThan((512 + 64) * model.HiddenSize * 4L));
            Assert.That(before.TotalBytes, Is.EqualTo(before.WeightBytes + before.KVCacheBytes + before.ActivationBytes));
            Assert.That(Builder().EstimateMemory(2_000_000).KVCacheBytes, Is.GreaterThan(1_900 * before.KVCacheBytes / bytes), "no upper limit, no overflow");
        });
    }

    [TestCase(KVCacheType.Float32)]
    [TestCase(KVCacheType.BFloat16)]
    [TestCase(KVCacheType.Q8_0)]
    public void EstimateMemory_OfTheCache_IsWhatTheCpuBackendTakes(KVCacheType type)
    {
        using ModelFiles files = ModelDirectory.Open(_model);
        SessionSizes sizes = new(new SessionConfiguration { ModelPath = _model, KVCacheType = type }, CausalLM.ReadConfig(files), weightBytes: 0);
        using CpuBackend backend = new(1);
        Assert.That(backend.KVCacheByteCount(sizes.KVCache(3_000)), Is.EqualTo(sizes.Estimate(3_000).KVCacheBytes));
    }

    private InferenceSessionBuilder Builder() =>
        InferenceSession.CreateBuilder().UseModel(_model).UseTokenizer(new LetterTokenizer()).UseBackend(() => new ReferenceBackend());

    private int MaxContext()
    {
        using InferenceSession session = Builder().Build();
        return session.Model.MaxContextLength;
    }
}
