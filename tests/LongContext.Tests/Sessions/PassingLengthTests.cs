using System.Globalization;
using System.Text.Json;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>What a comparison of two sessions says of APB moves with l_p as it should: the more is passed on, the nearer it is to exact attention.</summary>
[TestFixture]
[CancelAfter(200_000)]
internal sealed class PassingLengthTests
{
    private const string Stories = "models/stories260K", Needle = "models/needle-3l";

    [TestCase(CompressorKind.QueryAware)]
    [TestCase(CompressorKind.Random)]
    public async Task Stories_TheMoreIsPassedOn_TheNearerToExact(CompressorKind compressor)
    {
        // Three blocks of 192 (448 / 3, rounded up to pages of 64).
        int[] ids = Story();
        List<AttentionComparison> by = await Compare(Stories, [new Prompt(PromptPart.FromTokens(ids[..440]), PromptPart.FromTokens(ids[440..448]))], 3, compressor, [0, 64, 128, 192], 40);
        AssertMoves(by);
    }

    [TestCase(CompressorKind.QueryAware)]
    [TestCase(CompressorKind.Random)]
    public async Task Needle_TheMoreIsPassedOn_TheNearerToExact(CompressorKind compressor)
    {
        List<AttentionComparison> by = await Compare(Needle, ThirdLinks(2_048, 4), 8, compressor, [0, 64, 128, 256], 1);
        AssertMoves(by);
        Assert.That(by[0].Top1Agreement, Is.LessThan(0.5), "nothing passed on: the third link is lost");
    }

    [Test]
    public async Task Needle_ExactAgainstExact_IsZero_AndNothingIsToRecall()
    {
        await using InferenceSession exact = Open(Needle, AttentionMethod.Full, new());
        await using InferenceSession same = Open(Needle, AttentionMethod.Full, new());
        AttentionComparison comparison = await exact.CompareAttentionAsync(same, ThirdLinks(1_024, 1)[0], 2);

        Assert.That(comparison.MaxDivergence, Is.Zero);
        Assert.That(comparison.Top1Agreement, Is.EqualTo(1));
        Assert.That(comparison.KeyRecalls, Is.Empty);
        Assert.That(comparison.ReadingRecall, Is.Null);
    }

    private static void AssertMoves(List<AttentionComparison> by)
    {
        for (int i = 0; i < by.Count; i++)
        {
            TestContext.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{i}: {by[i].MeanDivergence:G4} nats, {by[i].Top1Agreement:P1} the same, keys kept: reading {by[i].ReadingRecall:P2}, answering {by[i].AnsweringRecall:P2}"));
        }

        Assert.Multiple(() =>
        {
            for (int i = 1; i < by.Count; i++)
            {
                // Which keys are passed on changes what later blocks pass on: a step may go the wrong way by a little.
                Assert.That(by[i].MeanDivergence, Is.LessThan(1.3 * by[i - 1].MeanDivergence), $"step {i}");
                Assert.That(by[i].ReadingRecall, Is.GreaterThan(by[i - 1].ReadingRecall!.Value), $"step {i}");
                Assert.That(by[i].AnsweringRecall, Is.GreaterThan(by[i - 1].AnsweringRecall!.Value), $"step {i}");
            }

            Assert.That(by[0].ReadingRecall, Is.Zero);
            Assert.That(by[1].MeanDivergence, Is.LessThan(by[0].MeanDivergence));
            Assert.That(by[^1].MeanDivergence, Is.LessThan(1e-4), "everything but a page's rest of the first block");
            Assert.That(by[^1].ReadingRecall, Is.GreaterThan(0.9));
            Assert.That(by[^1].AnsweringRecall, Is.GreaterThan(0.98));
        });
    }

    /// <summary>All prompts together, for each l_p.</summary>
    private static async Task<List<AttentionComparison>> Compare(
        string model, IReadOnlyList<Prompt> prompts, int hosts, CompressorKind compressor, int[] passing, int continuation)
    {
        List<AttentionComparison> results = [];
        await using InferenceSession exact = Open(model, AttentionMethod.Full, new());
        foreach (int length in passing)
        {
            ApproximateAttentionOptions options = new()
            {
                Hosts = hosts, AnchorLength = 64, PassingLength = length, MinimumLength = 0, Compressor = compressor, Seed = 3,
            };
            await using InferenceSession other = Open(model, AttentionMethod.Apb, options);
            List<AttentionComparison> parts = [];
            foreach (Prompt prompt in prompts)
            {
                parts.Add(await exact.CompareAttentionAsync(other, prompt, continuation));
            }

            results.Add(Together(parts));
        }

        return results;
    }

    private static AttentionComparison Together(List<AttentionComparison> parts) => parts[0] with
    {
        Divergences = [.. parts.SelectMany(p => p.Divergences)],
        Agreements = [.. parts.SelectMany(p => p.Agreements)],
        KeyRecalls = [.. parts.SelectMany(p => p.KeyRecalls)],
    };

    private static InferenceSession Open(string model, AttentionMethod method, ApproximateAttentionOptions options) => InferenceSession.CreateBuilder()
        .UseModel(SharedData.Require(model)).UseContextLength(model == Stories ? 512 : 2_112).UseKVCacheType(KVCacheType.Float32)
        .UsePrecision(ModelPrecision.Float32).UsePrefixReuse(PrefixReuse.Disabled).UseAttention(method, options).UseWarmUp(WarmUp.None).Build();

    private static int[] Story()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require($"{Stories}/golden.json")));
        int[] story = [.. golden.RootElement.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
        return [.. story, .. story.Skip(1)];
    }

    private static List<Prompt> ThirdLinks(int length, int count) =>
    [
        .. File.ReadLines(SharedData.Require($"{Needle}/eval/staged{length}.jsonl")).Take(count).Select(line => JsonDocument.Parse(line).RootElement).Select(line => new Prompt(
            PromptPart.FromTokens(Ids(line.GetProperty("context"))),
            PromptPart.FromTokens(Ids(line.GetProperty("queries").EnumerateArray().First(q => q.GetProperty("kind").GetString() == "hop2").GetProperty("prompt"))))),
    ];

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
