using LongContext.Communication;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions.Ranks;

/// <summary>What a session over ranks moves, keeps, and does when something goes wrong.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class RankedSessionTests
{
    // The model "tiny".
    private const int Layers = 2, D = 4 * 16, K = 2 * 16, QHeads = 4;

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
    public async Task Prefill_OverARing_MovesWhatTheFormulaSays(
        [Values(1, 2, 4)] int ranks, [Values] bool zigzag, [Values] KVCacheType type)
    {
        const int tokens = 128;
        AttentionMethod method = zigzag ? AttentionMethod.RingZigzag : AttentionMethod.Ring;
        await using RankedRig rig = new(ranks, _ => Builder(method).UseKVCacheType(type));
        await rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(tokens)), Options(1));

        int b = type == KVCacheType.BFloat16 ? 2 : 4;
        long each = (ranks - 1) * (tokens / ranks) * 2L * K * b * Layers; // (N-1) * c * 2k * b in each layer
        Assert.That(rig.Communicators.Select(c => c.Traffic(CommPhase.RingKeyValue).BytesSent), Is.All.EqualTo(each));
        Assert.That(rig.Sent(CommPhase.MoveQuery) + rig.Sent(CommPhase.MergeStates), Is.Zero, "nothing was cached before");
    }

    [TestCase(AttentionMethod.Ulysses, 2, 2)]
    [TestCase(AttentionMethod.Ulysses, 4, 4)] // four KV heads' worth: each of the two is copied
    [TestCase(AttentionMethod.Usp, 2, 2)]
    [TestCase(AttentionMethod.Usp, 4, 2)]
    [TestCase(AttentionMethod.Usp, 8, 2)]
    public async Task Prefill_WithDividedHeads_MovesWhatTheFormulasSay(AttentionMethod method, int ranks, int group)
    {
        const int tokens = 128, b = 4;
        await using RankedRig rig = new(ranks, _ => Builder(method));
        await rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(tokens)), Options(1));

        // (u-1)/u * c * (2d + 2*max(k, u*dh)), outputs alone on the way back; (r-1) * (S/r) * 2*max(k/u, dh)
        long scatter = Layers * (group - 1) * (tokens / ranks) * b * (D + (2L * Math.Max(K, group * 16))) / group;
        long gather = Layers * (group - 1) * (tokens / ranks) * b * (long)D / group;
        long ring = Layers * ((ranks / group) - 1L) * (tokens * group / ranks) * 2 * Math.Max(K / group, 16) * b;
        Assert.That(rig.Communicators.Select(c => c.Traffic(CommPhase.ScatterHeads).BytesSent), Is.All.EqualTo(scatter));
        Assert.That(rig.Communicators.Select(c => c.Traffic(CommPhase.GatherHeads).BytesSent), Is.All.EqualTo(gather));
        Assert.That(rig.Communicators.Select(c => c.Traffic(CommPhase.RingKeyValue).BytesSent), Is.All.EqualTo(ring));
    }

    [Test]
    public async Task Decode_OverShards_MovesWhatTheFormulaSays([Values(1, 2, 4, 5)] int ranks, [Values] DecodeMerge merge)
    {
        const int decoded = 40;
        await using RankedRig rig = new(ranks, _ => Builder().UseShardedDecode(new ShardedDecodeOptions { Merge = merge }));
        await rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(128)), Options(decoded + 1));

        // (N-1) * (d*4 + 4d + 4*Hq) in each layer, both ways together, in all; the tree spreads the same number of messages over the ranks.
        Assert.Multiple(() =>
        {
            Assert.That(rig.Sent(CommPhase.MoveQuery), Is.EqualTo((ranks - 1) * D * 4L * Layers * decoded));
            Assert.That(rig.Received(CommPhase.MergeStates), Is.EqualTo((ranks - 1) * ((4L * D) + (4 * QHeads)) * Layers * decoded));
        });
    }

    [Test]
    public async Task Decode_OfSequencesWithManyOwners_IsOneExchangeALayer()
    {
        await using RankedRig rig = new(3, _ => Builder());
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(60 + i)), Options(30))));
        long steps = rig.Communicators[0].Traffic(CommPhase.MoveQuery).Operations / Layers;
        Assert.That(steps, Is.LessThan(5 * 30));
        Assert.That(rig.Communicators.Select(c => c.Traffic(CommPhase.MergeStates).Operations), Is.All.EqualTo(steps * Layers));
    }

    [Test]
    public async Task Generate_WithTreeMergeAndAnyPlacement_GivesOneRanksTokens(
        [Values(2, 3, 5, 8)] int ranks, [Values] DecodeMerge merge, [Values] DecodePlacement placement)
    {
        using InferenceSession one = Builder(AttentionMethod.Full).Build();
        using InferenceSession many = Builder().UseHosts(ranks).UseShardedDecode(new ShardedDecodeOptions { Merge = merge, Placement = placement }).Build();
        Prompt[] prompts = [.. ((int[])[1, 40, 333]).Select(n => Prompt.FromTokens(Tokens(n)))];
        GenerationResult[] expected = await Task.WhenAll(prompts.Select(p => one.GenerateAsync(p, Options(60))));
        GenerationResult[] computed = await Task.WhenAll(prompts.Select(p => many.GenerateAsync(p, Options(60))));
        Assert.That(computed.Select(r => r.TokenIds), Is.EqualTo(expected.Select(r => r.TokenIds)));
    }

    [Test]
    public async Task Cache_AfterTwoThousandGeneratedTokens_IsInBalance()
    {
        const int ranks = 4;
        await using RankedRig rig = new(ranks, _ => Builder().UseContextLength(3_000));
        GenerationResult result = await rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(333)), Options(2_000));
        Assert.That(result.TokenIds, Has.Count.EqualTo(2_000));
        long[] cached = [.. Enumerable.Range(1, ranks - 1).Select(rig.CachedTokens)];
        Assert.That(cached, Is.All.EqualTo(2_332.0 / ranks).Within(10).Percent);
    }

    [Test]
    public async Task Logits_WithABFloat16Cache_EqualOneRanks(
        [Values(2, 3, 4)] int ranks, [Values(AttentionMethod.RingZigzag, AttentionMethod.Ulysses, AttentionMethod.Usp)] AttentionMethod method)
    {
        using InferenceSession one = Builder(AttentionMethod.Full).UseKVCacheType(KVCacheType.BFloat16).Build();
        using InferenceSession many = Builder(method).UseKVCacheType(KVCacheType.BFloat16).UseHosts(ranks).Build();
        Prompt prompt = Prompt.FromTokens(Tokens(200));
        Assert.That((await many.ComputeLogitsAsync(prompt))[0], Is.EqualTo((await one.ComputeLogitsAsync(prompt))[0]).Within(1e-4), "what travels is what is cached");
    }

    [Test]
    public async Task Session_LeftIdlePastTheDeadline_StillWorks()
    {
        await using RankedRig rig = new(3, _ => Builder(), new CommunicatorOptions { OperationDeadline = TimeSpan.FromSeconds(1) });
        await Task.Delay(2_500);
        GenerationResult result = await rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(50)), Options(5));
        Assert.That(result.TokenIds, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Cancel_InsideAGeneration_LeavesTheSessionUsableAndThePagesFree()
    {
        using InferenceSession many = Builder().UseHosts(3).UseContextLength(600).Build();
        GenerationResult expected = await many.GenerateAsync(Prompt.FromTokens(Tokens(100)), Options(20));
        for (int i = 0; i < 10; i++)
        {
            using CancellationTokenSource source = new();
            int read = 0;
            Assert.That(
                async () =>
                {
                    await foreach (GenerationUpdate update in many.StreamAsync(Prompt.FromTokens(Tokens(400)), Options(200), source.Token))
                    {
                        read += update.TokenIds.Count;
                        if (read == 5)
                        {
                            source.Cancel(); // the sequence is at most as far ahead as its updates are kept
                        }
                    }
                },
                Throws.InstanceOf<OperationCanceledException>());
        }

        Assert.That((await many.GenerateAsync(Prompt.FromTokens(Tokens(100)), Options(20))).TokenIds, Is.EqualTo(expected.TokenIds));
        Assert.That((await many.GenerateAsync(Prompt.FromTokens(Tokens(590)), Options(10))).TokenIds, Has.Count.EqualTo(10), "all pages are there again");
    }

    [Test]
    public async Task Dispose_WhileRequestsRun_EndsThemAndEveryRank([Values(2, 4)] int ranks)
    {
        RankedRig rig = new(ranks, _ => Builder().UseContextLength(4_000));
        Task<GenerationResult>[] running = [.. Enumerable.Range(0, 3).Select(i => rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(100 + i)), Options(3_000)))];
        await Task.Delay(100);
        await rig.Session.DisposeAsync();
        foreach (Task<GenerationResult> task in running)
        {
            Assert.That(async () => await task, Throws.TypeOf<ObjectDisposedException>());
        }

        Assert.That(rig.Join(), Is.True);
        Assert.That(rig.Thrown, Is.All.Null, "the others were told that it is over");
    }

    [Test]
    public async Task Worker_ThatIsDisposed_FaultsRankZerosRequests()
    {
        RankedRig rig = new(3, _ => Builder().UseContextLength(4_000));
        Task<GenerationResult> running = rig.Session.GenerateAsync(Prompt.FromTokens(Tokens(100)), Options(3_000));
        await Task.Delay(100);
        rig.Communicators[2].Dispose();
        Assert.That(async () => await running, Throws.TypeOf<EngineFaultedException>().With.InnerException.TypeOf<CommunicatorException>());
        Assert.That(async () => await rig.Session.GenerateAsync("x"), Throws.TypeOf<EngineFaultedException>());
        await rig.Session.DisposeAsync();
        Assert.That(rig.Join(), Is.True);
        Assert.That(rig.Thrown[1], Is.TypeOf<CommunicatorException>());
    }

    [TestCase(0, AttentionMethod.RingZigzag)]
    [TestCase(2, AttentionMethod.RingZigzag)]
    [TestCase(0, AttentionMethod.Ulysses)]
    [TestCase(2, AttentionMethod.Ulysses)]
    public async Task Rank_ThatFails_FaultsTheSessionWithItsCause(int failing, AttentionMethod method)
    {
        int made = 0, products = 0;
        InferenceSession session = Builder(method).UseHosts(3).UseWarmUp(WarmUp.None).UseBackend(() => new FailingBackend(Failure(made++))).Build();
        EngineFaultedException fault = Assert.ThrowsAsync<EngineFaultedException>(
            async () => await session.GenerateAsync(Prompt.FromTokens(Tokens(60)), Options(5)))!;
        if (failing == 0)
        {
            Assert.That(fault.InnerException, Is.TypeOf<ArithmeticException>());
        }
        else
        {
            Assert.That(fault.InnerException, Is.TypeOf<CommunicatorException>().With.InnerException.TypeOf<ArithmeticException>());
            Assert.That(((CommunicatorException)fault.InnerException!).Fault.SuspectedRank, Is.EqualTo(failing));
        }

        await session.DisposeAsync(); // waits for all ranks' threads

        Action Failure(int rank) => () =>
        {
            if (rank == failing && Interlocked.Increment(ref products) == 9)
            {
                throw new ArithmeticException("broken");
            }
        };
    }

    [Test]
    public void Ranks_StartedWithDifferentOptions_AllSayWhich()
    {
        RankedRig rig = new(3, rank => Builder().UseContextLength(rank == 2 ? 512 : 1_024));
        Assert.That(rig.Join(), Is.True);
        Assert.That(rig.Thrown, Is.All.TypeOf<CommunicatorException>()
            .And.All.Message.Contains("context length").And.All.Message.Contains("512").And.All.Message.Contains("1024").And.All.Message.Contains("rank 2"));
    }

    [Test]
    public void Build_WithRanksThatCannotBe_SaysWhy()
    {
        IReadOnlyList<ICommunicator> pair = InProcessCommunicator.Create(2);
        Assert.Multiple(() =>
        {
            Assert.That(() => Builder(AttentionMethod.Full).UseHosts(2).Build(), Problem("UseAttention(Full)"));
            Assert.That(() => Builder().UseHosts(0).Build(), Problem("UseHosts(0)"));
            Assert.That(() => Builder(AttentionMethod.Ulysses).UseHosts(5).Build(), Problem("4 query heads, but there are 5 ranks"));
            Assert.That(() => Builder().UseHosts(2).UseCommunicator(pair[0]).Build(), Problem("exclude"));
            Assert.That(() => Builder().UseCommunicator(pair[1]).Build(), Problem("rank 1"));
            Assert.That(() => Builder().UseCommunicator(pair[0]).BuildWorker(), Problem("rank 0"));
            Assert.That(() => Builder().BuildWorker(), Problem("UseCommunicator"));
            Assert.That(
                () => Builder().UseShardedDecode(new ShardedDecodeOptions { Merge = (DecodeMerge)7, Placement = (DecodePlacement)7 }).Build(),
                Throws.TypeOf<ConfigurationException>().With.Message.Contains("Merge").And.Message.Contains("Placement"));
        });

        static NUnit.Framework.Constraints.IResolveConstraint Problem(string text) =>
            Throws.TypeOf<ConfigurationException>().With.Message.Contains(text);
    }

    [Test]
    public void EstimateMemory_OverRanks_IsOneRanksPart()
    {
        MemoryEstimate one = Builder(AttentionMethod.Full).EstimateMemory(4_000);
        MemoryEstimate four = Builder().UseHosts(4).UseMaxConcurrentRequests(1).EstimateMemory(4_000);
        Assert.Multiple(() =>
        {
            Assert.That((one.Ranks, four.Ranks), Is.EqualTo((1, 4)));
            Assert.That(four.KVCacheBytes, Is.LessThan(0.35 * one.KVCacheBytes).And.GreaterThan(0.25 * one.KVCacheBytes));
            Assert.That(four.WeightBytes, Is.EqualTo(one.WeightBytes));
        });
    }

    [Test]
    public void EstimateMemory_WhereHeadsAreDivided_CountsWhatThatMoves()
    {
        MemoryEstimate ring = Builder().UseHosts(4).EstimateMemory(4_000);
        MemoryEstimate ulysses = Builder(AttentionMethod.Ulysses).UseHosts(4).EstimateMemory(4_000);
        long rows = 4_000 / 4;
        Assert.That(ulysses.ActivationBytes - ring.ActivationBytes, Is.GreaterThan(rows * sizeof(float) * 4 * D), "queries and outputs, sent and received, at least");
        Assert.That(ulysses.KVCacheBytes, Is.EqualTo(ring.KVCacheBytes));
    }

    private static GenerationOptions Options(int maxNewTokens) => new() { MaxNewTokens = maxNewTokens, EndOfSequence = EndOfSequenceHandling.Ignore };

    private static int[] Tokens(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(320))];
    }

    private InferenceSessionBuilder Builder(AttentionMethod method = AttentionMethod.RingZigzag) => InferenceSession.CreateBuilder()
        .UseModel(_model).UseCpu(1).UseKVCacheType(KVCacheType.Float32).UsePrecision(ModelPrecision.Float32).UseAttention(method);
}
