using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>The small retrieval model answers as its README's table for full attention says, each context read once.</summary>
[TestFixture]
[CancelAfter(400_000)]
internal sealed partial class NeedleTests
{
    private const string Folder = "models/needle-3l";

    [TestCase("ctx", 512, ModelPrecision.Float32)]
    [TestCase("ctx", 512)]
    [TestCase("staged", 512, ModelPrecision.Float32)]
    [TestCase("staged", 512)]
    [TestCase("ctx", 512, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("staged", 512, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("ctx", 4_096)]
    [TestCase("staged", 4_096)]
    [TestCase("ctx", 8_192)]
    [TestCase("staged", 8_192)]
    [TestCase("ctx", 4_096, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("staged", 4_096, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("ctx", 8_192, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("staged", 8_192, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("ctx", 16_384)]
    [TestCase("staged", 16_384)]
    [TestCase("ctx", 16_384, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("staged", 16_384, ModelPrecision.Auto, KVCacheType.Q8_0)]
    [TestCase("ctx", 32_768)]
    public async Task Answers_OfFullAttention_AreAsGoodAsRecorded(
        string set, int length, ModelPrecision precision = ModelPrecision.Auto, KVCacheType cache = KVCacheType.BFloat16)
    {
        if (length > 512 && IsUnoptimized)
        {
            Assert.Ignore("Too slow in an unoptimised build: dotnet test -c Release");
        }

        if (length > 8_192 && Environment.GetEnvironmentVariable("LONGCONTEXT_LONG_TESTS") is null or "")
        {
            Assert.Ignore("On demand: set LONGCONTEXT_LONG_TESTS=1.");
        }

        string file = SharedData.Require($"{Folder}/eval/{set}{length}.jsonl");
        Dictionary<string, double> expected = Table(set, length);
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(SharedData.Require(Folder)).UsePrecision(precision).UseKVCacheType(cache)
            .UseContextLength(Math.Min(length + 64, 32_768)).UseKVCacheTokens(length * 2L).Build();
        Dictionary<string, (int Right, int All)> score = [];
        foreach (string line in File.ReadLines(file).Take(set == "ctx" && length > 4_096 ? 3 : 4))
        {
            await Ask(session, JsonDocument.Parse(line).RootElement, score);
        }

        foreach ((string kind, (int right, int all)) in score.Where(s => s.Key != "pass")) // 1 in a context: too coarse
        {
            TestContext.Out.WriteLine($"{set}{length} {precision} {cache} {kind}: {right} of {all}, recorded {expected[kind]:F3}");
            Assert.That((double)right / all, Is.GreaterThanOrEqualTo(expected[kind] - 0.02), kind);
        }
    }

    private static bool IsUnoptimized =>
        typeof(InferenceSession).Assembly.GetCustomAttributes(false).OfType<DebuggableAttribute>().Any(a => a.IsJITOptimizerDisabled);

    private static async Task Ask(InferenceSession session, JsonElement sample, Dictionary<string, (int Right, int All)> score)
    {
        PromptPart context = PromptPart.FromTokens(Ids(sample.GetProperty("context")));
        bool first = true;
        foreach (JsonElement query in sample.GetProperty("queries").EnumerateArray())
        {
            int[] answer = Ids(query.GetProperty("answer"));
            Prompt prompt = new(context, PromptPart.FromTokens(Ids(query.GetProperty("prompt"))));
            GenerationResult result = await session.GenerateAsync(
                prompt, new GenerationOptions { MaxNewTokens = answer.Length, EndOfSequence = EndOfSequenceHandling.Ignore });
            Assert.That(result.Usage.CachedTokens, first ? Is.Zero : Is.EqualTo(context.TokenIds!.Count / 64 * 64));
            first = false;
            string kind = query.GetProperty("kind").GetString()!;
            (int right, int all) = score.GetValueOrDefault(kind);
            score[kind] = (right + (result.TokenIds.SequenceEqual(answer) ? 1 : 0), all + 1);
        }
    }

    private static Dictionary<string, double> Table(string set, int length)
    {
        string row = File.ReadLines(SharedData.Require($"{Folder}/README.md")).First(l => Regex.IsMatch(l, $@"^\| full \| {set} \| {length} \|"));
        double[] cells = [.. Number().Matches(row).Select(m => double.Parse(m.Value, System.Globalization.CultureInfo.InvariantCulture))];
        return new() { ["set"] = cells[0], ["hop1"] = cells[1], ["hop2"] = cells[2], ["pass"] = cells[3] };
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    [GeneratedRegex(@"\d\.\d+")]
    private static partial Regex Number();
}
