using LongContext.Diagnostics;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>A long prompt is one step over ranks: it can be left between layers, and what a rank did in it can be recorded.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class LongStepTests
{
    private const int ProductsOfALayer = 7;

    private TemporaryFolder _folder = null!;
    private string _model = "";

    [OneTimeSetUp]
    public void WriteModel()
    {
        _folder = new TemporaryFolder();
        _model = _folder.File("tiny.gguf");
        GoldenModel.WriteGguf(_model, "tiny-llama3", DType.F32); // three layers
    }

    [OneTimeTearDown]
    public void DeleteModel() => _folder.Dispose();

    [Test]
    public async Task Cancel_InALongStep_TakesEffectBeforeTheNextLayer([Values(1, 2, 3)] int ranks)
    {
        using CancellationTokenSource source = new();
        int[] products = new int[ranks];
        int made = 0;
        using InferenceSession session = Builder().UseHosts(ranks).UseWarmUp(WarmUp.None).UseBackend(() => new FailingBackend(Count(made++))).Build();
        Assert.That(async () => await session.GenerateAsync(Prompt.FromTokens(Tokens(300)), Options(5), source.Token), Throws.InstanceOf<OperationCanceledException>());

        GenerationResult after = await session.GenerateAsync(Prompt.FromTokens(Tokens(300)), Options(5));
        int withOne = products.Sum();
        await session.GenerateAsync(Prompt.FromTokens(Tokens(300)), Options(5));
        int withTwo = products.Sum();

        using InferenceSession one = Builder(AttentionMethod.Full).Build();
        Assert.Multiple(async () =>
        {
            Assert.That(withOne - (withTwo - withOne), Is.EqualTo(ranks * ProductsOfALayer), "of the cancelled one, one layer of three");
            Assert.That(after.TokenIds, Is.EqualTo((await one.GenerateAsync(Prompt.FromTokens(Tokens(300)), Options(5))).TokenIds));
        });

        Action Count(int rank) => () =>
        {
            if (Interlocked.Increment(ref products[rank]) == 3 && rank == 0)
            {
                source.Cancel();
            }
        };
    }

    [Test]
    public async Task Cancel_InALongStep_LeavesTheOthersInItUnharmed(
        [Values(2, 3)] int ranks, [Values(AttentionMethod.RingZigzag, AttentionMethod.Ulysses, AttentionMethod.Usp)] AttentionMethod method)
    {
        using InferenceSession one = Builder(AttentionMethod.Full).Build();
        GenerationResult expected = await one.GenerateAsync(Prompt.FromTokens(Tokens(40)), Options(80));

        using InferenceSession session = Builder(method).UseHosts(ranks).Build();
        Task<GenerationResult> kept = session.GenerateAsync(Prompt.FromTokens(Tokens(40)), Options(80));
        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource source = new();
            Task<GenerationResult> cancelled = session.GenerateAsync(Prompt.FromTokens(Tokens(3_000)), Options(200), source.Token);
            source.CancelAfter(TimeSpan.FromMilliseconds(i % 7)); // now before, now in, now after its first step
            await Task.WhenAny(cancelled);
        }

        Assert.That((await kept).TokenIds, Is.EqualTo(expected.TokenIds));
    }

    [Test]
    public async Task Dispose_InALongStep_LeavesItBeforeTheNextLayer()
    {
        int[] products = new int[2];
        int made = 0;
        InferenceSession? session = null;
        using ManualResetEventSlim reached = new();
        session = Builder().UseHosts(2).UseWarmUp(WarmUp.None).UseBackend(() => new FailingBackend(Count(made++))).Build();
        Task<GenerationResult> running = session.GenerateAsync(Prompt.FromTokens(Tokens(300)), Options(5));
        reached.Wait();
        await session.DisposeAsync();
        Assert.That(async () => await running, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(products, Is.All.LessThanOrEqualTo(2 * ProductsOfALayer), "not all three layers");

        Action Count(int rank) => () =>
        {
            if (Interlocked.Increment(ref products[rank]) == 3)
            {
                reached.Set();
                Thread.Sleep(200);
            }
        };
    }

    [Test]
    public async Task Timeline_OfALongStep_HasAttentionUnderTheTransfers()
    {
        List<StepTimeline> timelines = [];
        using InferenceSession session = Builder().UseHosts(3).UseTimeline(rank =>
        {
            timelines.Add(new StepTimeline(rank));
            return timelines[^1];
        }).Build();
        await session.GenerateAsync(Prompt.FromTokens(Tokens(300)), Options(2));
        Assert.That(timelines.Select(t => t.Rank), Is.EqualTo(new[] { 0, 1, 2 }));
        foreach (StepTimeline timeline in timelines)
        {
            IReadOnlyList<TimelineSpan> spans = timeline.Take();
            Assert.Multiple(() =>
            {
                Assert.That(spans, Is.All.Matches<TimelineSpan>(s => s.End >= s.Start));
                Assert.That(spans.Count(s => s.Name == "ring transfer"), Is.EqualTo(3 * 2), "two in each layer");
                Assert.That(spans.Count(s => s.Name == "merge states"), Is.EqualTo(3), "one in each layer of the decoded token");
                Assert.That(
                    spans.Where(s => s.Name == "ring transfer").Count(t => spans.Any(a => a.Name == "ring attention" && a.Start >= t.Start && a.End <= t.End)),
                    Is.EqualTo(3 * 2));
                Assert.That(timeline.Take(), Is.Empty);
            });
        }
    }

    private static GenerationOptions Options(int maxNewTokens) => new() { MaxNewTokens = maxNewTokens, EndOfSequence = EndOfSequenceHandling.Ignore };

    private static int[] Tokens(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(320))];
    }

    private InferenceSessionBuilder Builder(AttentionMethod method = AttentionMethod.RingZigzag) => InferenceSession.CreateBuilder()
        .UseModel(_model).UseCpu(1).UseContextLength(4_000).UseKVCacheType(KVCacheType.Float32).UsePrecision(ModelPrecision.Float32).UseAttention(method);
}
