using LongContext.Attention;
using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models;

[TestFixture]
internal sealed class CausalLMTests
{
    private const string Phi3 =
        """
        {"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 4, "intermediate_size": 40, "vocab_size": 53, "max_position_embeddings": 256, "rms_norm_eps": 1e-5}
        """;

    private static readonly string Tied = Phi3.Replace("Phi3", "Llama", StringComparison.Ordinal).Replace("phi3", "llama", StringComparison.Ordinal)
        .Replace("1e-5", "1e-5, \"tie_word_embeddings\": true", StringComparison.Ordinal);

    [Test]
    public void Load_WhenTheBackendCopies_GivesEveryMatrixBackAndFreesTheCopiesAtTheEnd()
    {
        using ModelFiles files = Files(Phi3);
        CopyingBackend backend = new();
        using (Load(files, backend))
        {
            Assert.That(((MemoryWeights)files.Weights!).Released, Is.EquivalentTo(
                files.Weights.Tensors.Values.Where(w => w.Dimensions.Count == 2).Select(w => w.Name)));
        }

        Assert.That(backend.Alive, Is.Zero);
    }

    [Test]
    public void Load_WhenTheBackendUsesTheMappedMemory_GivesNothingBack()
    {
        using ModelFiles files = Files(Phi3);
        using CausalLM model = Load(files, new ReferenceBackend());
        Assert.That(((MemoryWeights)files.Weights!).Released, Is.Empty);
    }

    [Test]
    public void Load_WhenAnyImportFails_FreesTheCopiesMadeBefore()
    {
        for (int failAt = 0; failAt < 20; failAt++)
        {
            using ModelFiles files = Files(Phi3);
            CopyingBackend backend = new(failAt);
            Assert.That(() => Load(files, backend), Throws.TypeOf<InsufficientMemoryException>());
            Assert.That(backend.Alive, Is.Zero);
        }
    }

    [Test]
    public void Load_CancelledAfterTheThirdTensor_StopsThereAndFrees()
    {
        using ModelFiles files = Files(Phi3);
        CopyingBackend backend = new();
        using CancellationTokenSource source = new();
        int reports = 0;
        Reports progress = new(_ =>
        {
            if (++reports == 3)
            {
                source.Cancel();
            }
        });
        Assert.That(
            () => CausalLM.Load(files, backend, new FullAttention(), 64, 8, 8, progress, source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That((reports, backend.Alive), Is.EqualTo((3, 0)));
    }

    [Test]
    public void Load_Progress_GrowsToTheWeightBytes()
    {
        using ModelFiles files = Files(Phi3);
        List<LoadProgress> seen = [];
        using CausalLM model = CausalLM.Load(files, new CopyingBackend(), new FullAttention(), 64, 8, 8, new Reports(seen.Add), default);
        Assert.That(seen.Select(p => p.BytesDone), Is.Ordered.Ascending);
        Assert.That(seen[^1], Is.EqualTo(new LoadProgress(model.WeightBytes, model.WeightBytes)));
        Assert.That(model.WeightBytes, Is.EqualTo(files.Weights!.Tensors.Values.Sum(w => w.ByteCount)));
        Assert.That(model.ParameterCount, Is.EqualTo(model.WeightBytes / sizeof(float)));
    }

    [Test]
    public void Load_TensorsThatWouldBeLeftOut_AreUnsupportedAndListed()
    {
        using ModelFiles files = Files(Phi3);
        ((MemoryWeights)files.Weights!).Set("model.layers.0.self_attn.sinks", new ReferenceTensor(new float[4], 4));
        Assert.That(
            () => Load(files, new ReferenceBackend()), Throws.TypeOf<UnsupportedModelException>().With.Message.Contains("self_attn.sinks"));
    }

    [Test]
    public void Load_RepeatedAndDerivedTensors_AreIgnored()
    {
        using ModelFiles files = Files(Tied);
        MemoryWeights weights = (MemoryWeights)files.Weights!;
        weights.Set("lm_head.weight", new ReferenceTensor(new float[53 * 32], 53, 32));
        weights.Set("model.layers.0.self_attn.rotary_emb.inv_freq", new ReferenceTensor(new float[4], 4));
        Assert.That(() => Load(files, new ReferenceBackend()).Dispose(), Throws.Nothing);
    }

    [TestCase(DType.F16)]
    [TestCase(DType.BF16)]
    public void Load_NormsOf16Bits_AreReadAsTheNumbersTheyAre(DType type)
    {
        using ModelFiles exact = Files(Tied);
        using ModelFiles rounded = Files(Tied);
        foreach (ModelFiles files in new[] { exact, rounded })
        {
            // eighths fit in both types exactly
            float[] norm = [.. Enumerable.Range(0, 32).Select(i => 1 + ((i % 5) / 8f))];
            ((MemoryWeights)files.Weights!).Set("model.norm.weight", new ReferenceTensor(norm, 32), files == exact ? DType.F32 : type);
        }

        using ModelRun a = new(exact, new ReferenceBackend(), 64, 8, 16);
        using ModelRun b = new(rounded, new ReferenceBackend(), 64, 8, 16);
        Assert.That(b.Logits([1, 2, 3], 3), Is.EqualTo(a.Logits([1, 2, 3], 3)));
    }

    [Test]
    public void ActivationByteCount_IsWhatLoadingAllocatesBesideTheWeights()
    {
        using ModelFiles files = Files(Phi3);
        CopyingBackend backend = new();
        using CausalLM model = CausalLM.Load(files, backend, new FullAttention(), 64, 24, 5, null, default);
        Assert.That(CausalLM.ActivationByteCount(model.Config, 24, 5), Is.EqualTo(backend.AllocatedBytes - model.WeightBytes));
    }

    [TestCase(1)]
    [TestCase(8)]
    public void Forward_AfterTheFirstSteps_AllocatesNothing(int tokens)
    {
        using ModelFiles files = Files(Phi3);
        CopyingBackend backend = new();
        using CausalLM model = Load(files, backend);
        using KVCacheStorage cache = Cache(model, backend);
        AttentionBatch batch = new() { PageSize = 16 };
        int[] ids = new int[tokens];
        int[] rows = [tokens - 1];
        int[] pages = [1];
        float[] logits = new float[53];
        long allocated = Allocations.OfThisThread(
            () =>
            {
                batch.Clear();
                batch.AddSequence(pages, tokens, tokens);
                model.Forward(new StepInput { TokenIds = ids, Positions = ids, OutputRows = rows, Batch = batch }, cache, logits);
            },
            warmUp: 100,
            repeats: 100);
        Assert.That(allocated, Is.Zero);
    }

    [TestCase(0, 0)]
    [TestCase(9, 1)]
    public void Forward_MoreOrFewerTokensThanPlannedFor_IsRefused(int tokens, int outputs) =>
        Assert.That(() => Step(new int[tokens], new int[outputs], 53), Throws.ArgumentException);

    [TestCase(-1)]
    [TestCase(53)]
    [TestCase(int.MaxValue)]
    public void Forward_ATokenOutsideTheVocabulary_IsRefused(int id) =>
        Assert.That(() => Step([1, id], [1], 53), Throws.ArgumentException.With.Message.Contains($"{id}"));

    [TestCase(2)]
    [TestCase(-1)]
    public void Forward_AnOutputRowThatIsNotInTheStep_IsRefused(int row) =>
        Assert.That(() => Step([1, 2], [row], 53), Throws.ArgumentException.With.Message.Contains($"{row}"));

    [Test]
    public void Forward_TooFewLogits_IsRefused() => Assert.That(() => Step([1, 2], [0, 1], 105), Throws.ArgumentException);

    [Test]
    public void Forward_WithoutOutputs_StillFillsTheCache()
    {
        using ModelFiles files = Files(Phi3);
        using ModelRun whole = new(files, new ReferenceBackend(), 64, 8, 32);
        float[] expected = whole.Logits([5, 6, 7], 3)[2];

        using IBackend backend = new ReferenceBackend();
        using CausalLM model = Load(files, backend);
        using KVCacheStorage cache = Cache(model, backend);
        Run(model, cache, [5, 6], 0, [], []);
        float[] last = new float[53];
        Run(model, cache, [7], 2, [0], last);
        Assert.That(last, Is.EqualTo(expected).Within(1e-6f));
    }

    [TestCase(new[] { 5 })]
    [TestCase(new[] { 1, 4 })]
    [TestCase(new int[0])]
    public void Forward_OfTheLastLayer_ComputesOnlyTheWantedRows_AndTheirLogitsAreThoseOfAllRows(int[] rows)
    {
        int[] ids = [5, 6, 7, 8, 9, 10];
        using ModelFiles files = Files(Phi3);
        using ModelRun whole = new(files, new ReferenceBackend(), 64, 8, 32);
        float[][] expected = whole.Logits(ids, ids.Length);

        using RowCountingBackend backend = new();
        using CausalLM model = Load(files, backend);
        using KVCacheStorage cache = Cache(model, backend);
        float[] logits = new float[53 * rows.Length];
        Run(model, cache, ids, 0, rows, logits);
        Assert.That(logits, Is.EqualTo(rows.SelectMany(row => expected[row]).ToArray()));
        int projections = 3 * ids.Length; // q, k and v
        Assert.That(backend.LinearRows, Is.EqualTo((2 * projections) + (4 * ids.Length) + (4 * rows.Length) + rows.Length));
    }

    private static void Step(int[] ids, int[] rows, int logits)
    {
        using ModelFiles files = Files(Phi3);
        using IBackend backend = new ReferenceBackend();
        using CausalLM model = Load(files, backend);
        using KVCacheStorage cache = Cache(model, backend);
        Run(model, cache, ids, 0, rows, new float[logits]);
    }

    private static void Run(CausalLM model, KVCacheStorage cache, int[] ids, int start, int[] rows, float[] logits)
    {
        AttentionBatch batch = new() { PageSize = 16 };
        batch.AddSequence([1], start + ids.Length, ids.Length);
        StepInput input = new()
        {
            TokenIds = ids,
            Positions = Enumerable.Range(start, ids.Length).ToArray(),
            OutputRows = rows,
            Batch = batch,
        };
        model.Forward(input, cache, logits);
    }

    private static KVCacheStorage Cache(CausalLM model, IBackend backend) => backend.AllocateKVCache(
        new KVCacheShape(model.Config.Layers, 2, 16, model.Config.KVHeads, model.Config.HeadDim, DType.F32));

    private static ModelFiles Files(string json) => ReferenceModelFiles.HuggingFace(ReferenceModel.Create(json, 1));

    private static CausalLM Load(ModelFiles files, IBackend backend) =>
        CausalLM.Load(files, backend, new FullAttention(), 64, 8, 8, null, CancellationToken.None);

    private sealed class Reports(Action<LoadProgress> report) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => report(value);
    }
}
