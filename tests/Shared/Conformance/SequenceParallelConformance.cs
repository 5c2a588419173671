using LongContext.Tensors;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>What an exact method over ranks must hold: sessions over any number of ranks say what one rank says. One class per method derives.</summary>
internal abstract class SequenceParallelConformance
{
    private const double Tolerance = 1e-4;
    private static readonly int[] PromptLengths = [1, 2, 7, 16, 17, 65, 333];

    private TemporaryFolder _folder = null!;

    /// <summary>The method under test.</summary>
    protected abstract AttentionMethod Method { get; }

    /// <summary>Whether ranks cannot be more than query heads: of the models, those with eight are taken where the usual four are too few.</summary>
    protected virtual bool DividesHeads => false;

    [OneTimeSetUp]
    public void WriteModels()
    {
        _folder = new TemporaryFolder();
        foreach (string shape in (string[])["tiny", "tiny-llama3", "tiny-gemma3", "tiny-heads8", "tiny-gemma3-heads8"])
        {
            GoldenModel.WriteGguf(_folder.File(shape + ".gguf"), shape, DType.F32);
        }
    }

    [OneTimeTearDown]
    public void DeleteModels() => _folder.Dispose();

    [Test]
    [CancelAfter(60_000)]
    public async Task Logits_OfEveryPosition_EqualOneRanks([Values("tiny", "tiny-llama3", "tiny-gemma3")] string model, [Values(1, 2, 3, 4, 8)] int ranks)
    {
        model = WithHeads(model, ranks);
        await using InferenceSession one = Reference(model);
        await using InferenceSession many = Open(model, ranks);
        foreach (int length in PromptLengths)
        {
            Prompt prompt = Prompt.FromTokens(Tokens(one, length));
            IReadOnlyList<float[]> expected = await one.ComputeLogitsAsync(prompt);
            IReadOnlyList<float[]> computed = await many.ComputeLogitsAsync(prompt);
            Assert.That(computed[0], Is.EqualTo(expected[0]).Within(Tolerance), $"The last of {length} positions.");
        }

        Prompt all = Prompt.FromTokens(Tokens(one, 150));
        Assert.That(Flat(await many.ComputeLogitsAsync(all, LogitPositions.All)), Is.EqualTo(Flat(await one.ComputeLogitsAsync(all, LogitPositions.All))).Within(Tolerance));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Generate_GreedyFromPromptsOfAnyLength_GivesOneRanksTokens([Values("tiny", "tiny-gemma3")] string model, [Values(1, 2, 3, 4, 8)] int ranks)
    {
        model = WithHeads(model, ranks);
        await using InferenceSession one = Reference(model);
        await using InferenceSession many = Open(model, ranks);
        Prompt[] prompts = [.. PromptLengths.Select(n => Prompt.FromTokens(Tokens(one, n)))];
        GenerationResult[] expected = await Task.WhenAll(prompts.Select(p => one.GenerateAsync(p, Options(48))));
        GenerationResult[] computed = await Task.WhenAll(prompts.Select(p => many.GenerateAsync(p, Options(48)))); // all at once: decodes beside prefills
        Assert.That(computed.Select(r => r.TokenIds), Is.EqualTo(expected.Select(r => r.TokenIds)));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Generate_InPiecesOfAnyLength_GivesOneRanksTokens([Values(2, 3, 8)] int ranks, [Values(1, 20, 64, 250)] int chunk)
    {
        string model = WithHeads("tiny-gemma3", ranks);
        await using InferenceSession one = Reference(model);
        await using InferenceSession many = Open(model, ranks, b => b.UseChunkSize(chunk));
        Prompt prompt = Prompt.FromTokens(Tokens(one, 333));
        Assert.That((await many.GenerateAsync(prompt, Options(32))).TokenIds, Is.EqualTo((await one.GenerateAsync(prompt, Options(32))).TokenIds));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Generate_FromATrainedModel_GivesOneRanksTokens([Values(1, 2, 3, 4, 8)] int ranks)
    {
        string model = SharedData.Require("models/stories260K");
        await using InferenceSession one = Build(model, AttentionMethod.Full, 1);
        await using InferenceSession many = Build(model, Method, ranks);
        GenerationResult expected = await one.GenerateAsync("Once upon a time", Options(256));
        GenerationResult computed = await many.GenerateAsync("Once upon a time", Options(256));
        Assert.That(computed.TokenIds, Is.EqualTo(expected.TokenIds));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Generate_WithPreemptions_GivesOneRanksTokens([Values(2, 3)] int ranks)
    {
        await using InferenceSession one = Reference("tiny");
        await using InferenceSession many = Open("tiny", ranks, b => b.UseContextLength(256).UseMaxConcurrentRequests(8));
        Prompt[] prompts = [.. Enumerable.Range(0, 10).Select(i => Prompt.FromTokens(Tokens(one, 20 + (i * 5))))];
        GenerationResult[] expected = await Task.WhenAll(prompts.Select(p => one.GenerateAsync(p, Options(120))));
        GenerationResult[] computed = await Task.WhenAll(prompts.Select(p => many.GenerateAsync(p, Options(120))));
        Assert.That(computed.Select(r => r.TokenIds), Is.EqualTo(expected.Select(r => r.TokenIds)));
    }

    /// <summary>A session with exact arithmetic.</summary>
    private static InferenceSession Build(
        string path, AttentionMethod method, int ranks, Func<InferenceSessionBuilder, InferenceSessionBuilder>? configure = null)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder().UseModel(path).UseCpu(1).UseKVCacheType(KVCacheType.Float32)
            .UsePrecision(ModelPrecision.Float32).UseAttention(method).UseHosts(ranks);
        return (configure?.Invoke(builder) ?? builder).Build();
    }

    private static GenerationOptions Options(int maxNewTokens) =>
        new() { MaxNewTokens = maxNewTokens, EndOfSequence = EndOfSequenceHandling.Ignore };

    private static int[] Tokens(InferenceSession session, int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(session.Model.VocabularySize))];
    }

    private string WithHeads(string model, int ranks) => !DividesHeads || ranks <= 4 ? model : model == "tiny-gemma3" ? "tiny-gemma3-heads8" : "tiny-heads8";

    private static float[] Flat(IReadOnlyList<float[]> rows) => [.. rows.SelectMany(r => r)];

    private InferenceSession Reference(string model) => Build(_folder.File(model + ".gguf"), AttentionMethod.Full, 1);

    private InferenceSession Open(string model, int ranks, Func<InferenceSessionBuilder, InferenceSessionBuilder>? configure = null) =>
        Build(_folder.File(model + ".gguf"), Method, ranks, configure);
}
