using System.Globalization;
using System.Text.Json;
using LongContext.Tensors;
using LongContext.Tests.Models;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>What precision and cache type cost in quality, through the public interface: the tables of docs/performance.md, and their limits.</summary>
/// <remarks>Shown by <c>dotnet test tests/LongContext.Tests -c Release --filter "FullyQualifiedName~AccuracyTable" --logger "console;verbosity=normal"</c>.</remarks>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class AccuracyTableTests
{
    private static readonly (string Name, ModelPrecision Precision, KVCacheType Cache)[] Columns =
    [
        ("float32, F32 cache", ModelPrecision.Float32, KVCacheType.Float32),
        ("float32, BF16 cache", ModelPrecision.Float32, KVCacheType.BFloat16),
        ("auto, F32 cache", ModelPrecision.Auto, KVCacheType.Float32),
        ("auto, BF16 cache", ModelPrecision.Auto, KVCacheType.BFloat16),
        ("float32, Q8_0 cache", ModelPrecision.Float32, KVCacheType.Q8_0),
        ("auto, Q8_0 cache", ModelPrecision.Auto, KVCacheType.Q8_0),
    ];

    [Test]
    public async Task RandomModels_LargestDifferenceFromFloat64()
    {
        Head("largest difference of the last logits from float64", [.. Columns.Select(c => c.Name), "llama.cpp"]);
        foreach (string file in Directory.GetFiles(SharedData.Require("golden"), "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument golden = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
            JsonElement root = golden.RootElement;
            using TemporaryFolder folder = new();
            GoldenModel.WriteGguf(
                folder.File("m.gguf"), root.GetProperty("shape").GetString()!, Enum.Parse<DType>(root.GetProperty("type").GetString()!, ignoreCase: true));
            Prompt prompt = Prompt.FromTokens([.. Numbers(root.GetProperty("prompt")).Select(v => (int)v)]);
            double[] exact = Numbers(root.GetProperty("float64_reference").GetProperty("last_logits"));
            double theirs = Distance(Numbers(root.GetProperty("last_logits")), exact);
            List<double> ours = [];
            foreach ((_, ModelPrecision precision, KVCacheType cache) in Columns)
            {
                await using InferenceSession session = Open(folder.File("m.gguf"), precision, cache);
                ours.Add(Distance((await session.ComputeLogitsAsync(prompt))[0].Select(v => (double)v), exact));
            }

            Row(Path.GetFileNameWithoutExtension(file), [.. ours.Append(theirs).Select(d => d.ToString("0.0000", CultureInfo.InvariantCulture))]);
            Assert.Multiple(() =>
            {
                Assert.That(ours[0], Is.LessThan(1e-3), "float32");
                Assert.That(ours[2], Is.LessThanOrEqualTo(Math.Max(1.02 * theirs, 1e-4)), "auto");
            });
        }
    }

    [Test]
    public async Task Stories260K_MeanLogLikelihood()
    {
        using JsonDocument golden = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Require("models/stories260K/golden.json")));
        int[] ids = [.. Numbers(golden.RootElement.GetProperty("ids")).Select(v => (int)v)];
        Head("stories260K: mean log-likelihood (loss)", [.. Columns.Select(c => c.Name)]);
        foreach (DType type in (DType[])[DType.F32, DType.BF16])
        {
            using TemporaryFolder folder = new();
            AutoPrecisionTests.Convert(SharedData.Require("models/stories260K"), folder.Path, type);
            List<double> means = [];
            foreach ((_, ModelPrecision precision, KVCacheType cache) in Columns)
            {
                await using InferenceSession session = Open(folder.Path, precision, cache);
                IReadOnlyList<float[]> logits = await session.ComputeLogitsAsync(Prompt.FromTokens(ids), LogitPositions.All);
                means.Add(ids.Skip(1).Select((id, i) => logits[i][id] - LogSumExp(logits[i])).Average());
            }

            Row($"{type} weights", [.. means.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m:0.00000} ({100 * (m / means[0] - 1):0.000} %)"))]);
            Assert.That(means, Is.All.GreaterThanOrEqualTo(means[0] * 1.005), "at most half a percent is lost");
        }
    }

    [Test]
    public async Task Needle3L_RightAnswers()
    {
        (string Set, int Length, int Contexts)[] evaluations =
            LongTests.AreWanted ? [("ctx", 512, 100), ("staged", 512, 100), ("ctx", 4_096, 6), ("staged", 4_096, 6)] : [("ctx", 512, 4), ("staged", 512, 4)];
        Head("needle-3l: right answers", [.. Columns.Select(c => c.Name)]);
        foreach ((string weights, string model) in ((string, string)[])[("BF16", "models/needle-3l"), ("F16", "models/needle-3l/needle-3l-f16.gguf")])
        {
            foreach ((string set, int length, int contexts) in evaluations)
            {
                string[] lines = [.. File.ReadLines(SharedData.Require($"models/needle-3l/eval/{set}{length}.jsonl")).Take(contexts)];
                List<(int Right, int All)> scores = [];
                foreach ((_, ModelPrecision precision, KVCacheType cache) in Columns)
                {
                    await using InferenceSession session = Open(SharedData.Require(model), precision, cache, length + 64);
                    scores.Add(await Score(session, lines));
                }

                Row($"{weights} weights, {set}{length}", [.. scores.Select(s => $"{s.Right} of {s.All}")]);
                Assert.That(scores.Select(s => s.Right), Is.All.GreaterThanOrEqualTo(scores[0].Right - (scores[0].All * 0.02)), "at most 2 in 100 fewer");
            }
        }
    }

    private static async Task<(int Right, int All)> Score(InferenceSession session, string[] lines)
    {
        (int right, int all) = (0, 0);
        foreach (string line in lines)
        {
            using JsonDocument sample = JsonDocument.Parse(line);
            PromptPart context = PromptPart.FromTokens(Ids(sample.RootElement.GetProperty("context")));
            foreach (JsonElement query in sample.RootElement.GetProperty("queries").EnumerateArray())
            {
                int[] answer = Ids(query.GetProperty("answer"));
                GenerationResult result = await session.GenerateAsync(
                    new Prompt(context, PromptPart.FromTokens(Ids(query.GetProperty("prompt")))),
                    new GenerationOptions { MaxNewTokens = answer.Length, EndOfSequence = EndOfSequenceHandling.Ignore });
                right += result.TokenIds.SequenceEqual(answer) ? 1 : 0;
                all++;
            }
        }

        return (right, all);
    }

    private static InferenceSession Open(string model, ModelPrecision precision, KVCacheType cache, int? context = null)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder().UseModel(model).UsePrecision(precision).UseKVCacheType(cache).UseWarmUp(WarmUp.None);
        return (context is { } tokens ? builder.UseContextLength(tokens).UseKVCacheTokens(2L * tokens) : builder).Build();
    }

    private static void Head(string what, string[] columns)
    {
        TestContext.Out.WriteLine($"| {what} | {string.Join(" | ", columns)} |");
        TestContext.Out.WriteLine($"|---|{string.Concat(columns.Select(_ => "---|"))}");
    }

    private static void Row(string name, string[] cells) => TestContext.Out.WriteLine($"| {name} | {string.Join(" | ", cells)} |");

    private static double LogSumExp(float[] logits)
    {
        double max = logits.Max();
        return max + Math.Log(logits.Sum(v => Math.Exp(v - max)));
    }

    private static double Distance(IEnumerable<double> actual, double[] expected) => actual.Zip(expected, (x, y) => Math.Abs(x - y)).Max();

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
