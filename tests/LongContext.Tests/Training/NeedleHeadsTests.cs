using System.Text.Json;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Training;

/// <summary>Heads trained here in seconds bring back what Star loses on the retrieval model: the link that must be followed across blocks while reading.</summary>
[TestFixture]
[CancelAfter(400_000)]
internal sealed class NeedleHeadsTests
{
    private const string Folder = "models/needle-3l";
    private const int Length = 4_096;

    [Test]
    public async Task ThirdLink_WithTrainedHeads_IsFollowedWhereStarLosesIt()
    {
        string heads = Train();
        (int starRight, int all) = await Ask(AttentionMethod.Star, new() { MinimumLength = 0 });
        ApproximateAttentionOptions apb = new() { MinimumLength = 0, PassingLength = Length / 32, RetainingHeadsPath = heads };
        (int apbRight, _) = await Ask(AttentionMethod.Apb, apb);
        (int nothingRight, _) = await Ask(AttentionMethod.Apb, apb with { Compressor = CompressorKind.None });
        TestContext.Out.WriteLine($"three links, of {all}: Star {starRight}, APB {apbRight}, APB that passes nothing {nothingRight}");
        Assert.That(apbRight, Is.GreaterThanOrEqualTo(0.75 * all)); // these heads are trained for seconds; the accuracy bench has better ones
        Assert.That(starRight, Is.LessThanOrEqualTo(0.2 * all));
        Assert.That(nothingRight, Is.LessThanOrEqualTo(0.2 * all));
    }

    private static string Train()
    {
        string output = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"needle-heads-{Guid.NewGuid():N}.safetensors");
        RetainingHeadTrainingOptions options = new() { Steps = 80, WarmUpSteps = 8, Width = 128, LearningRate = 0.002f, Seed = 1 };
        using RetainingHeadTrainer trainer = RetainingHeadTrainer.Open(SharedData.Require(Folder), options);
        RetainingHeadSample[] samples =
        [
            .. Lines($"{Folder}/eval/ctx1024.jsonl").Select(l => new RetainingHeadSample(
                Ids(l.GetProperty("context")),
                [.. l.GetProperty("queries").EnumerateArray().Select(q => (IReadOnlyList<int>)[.. Ids(q.GetProperty("prompt")), .. Ids(q.GetProperty("answer"))])])),
        ];
        trainer.Train(samples, output);
        return output;
    }

    private static async Task<(int Right, int All)> Ask(AttentionMethod method, ApproximateAttentionOptions options)
    {
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(SharedData.Require(Folder)).UseContextLength(Length + 64).UseAttention(method, options).Build();
        (int right, int all) = (0, 0);
        foreach (JsonElement line in Lines($"{Folder}/eval/staged{Length}.jsonl").Take(2))
        {
            PromptPart context = PromptPart.FromTokens(Ids(line.GetProperty("context")));
            foreach (JsonElement query in line.GetProperty("queries").EnumerateArray().Where(q => q.GetProperty("kind").GetString() == "hop2").Take(8))
            {
                int[] answer = Ids(query.GetProperty("answer"));
                GenerationResult result = await session.GenerateAsync(
                    new Prompt(context, PromptPart.FromTokens(Ids(query.GetProperty("prompt")))), new GenerationOptions { MaxNewTokens = answer.Length });
                Assert.That(result.Usage.Attention, Is.EqualTo(method));
                (right, all) = (right + (result.TokenIds.SequenceEqual(answer) ? 1 : 0), all + 1);
            }
        }

        return (right, all);
    }

    private static IEnumerable<JsonElement> Lines(string file) => File.ReadLines(SharedData.Require(file)).Select(l => JsonDocument.Parse(l).RootElement);

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
