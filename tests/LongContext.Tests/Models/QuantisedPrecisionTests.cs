using System.Text.Json;
using LongContext.Backends.Cpu;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Models;

/// <summary>What the automatic precision costs trained models with quantised weights, against F32 arithmetic over the very same weights.</summary>
[TestFixture]
internal sealed class QuantisedPrecisionTests
{
    [TestCase(DType.Q8_0)]
    [TestCase(DType.Q4_0)]
    [TestCase(DType.Q5_1)]
    public void Likelihood_OfStories_LosesAtMostHalfAPercent(DType type)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("models/stories260K/golden.json")));
        int[] ids = Numbers(golden.RootElement.GetProperty("ids"));
        (double exact, double auto) = (MeanLogLikelihood(ModelPrecision.Float32), MeanLogLikelihood(ModelPrecision.Auto));
        TestContext.Out.WriteLine($"{type}: float32 {exact:F5}, auto {auto:F5}, {100 * (auto - exact) / exact:F3} % lost");
        Assert.That(exact, Is.InRange(-0.9, -0.44), "recorded: -0.4558 with F32 weights");
        Assert.That(auto, Is.GreaterThanOrEqualTo(exact * 1.005));

        double MeanLogLikelihood(ModelPrecision precision)
        {
            using ModelFiles files = Open("models/stories260K", type);
            using ModelRun run = new(files, new CpuBackend(2, precision), 512, ids.Length, ids.Length);
            float[][] logits = run.Logits(ids, ids.Length);
            return ids.Skip(1).Select((id, i) => logits[i][id] - LogSumExp(logits[i])).Average();
        }
    }

    [TestCase("ctx512")]
    [TestCase("staged512")]
    public void Answers_OfTheRetrievalModel_AreAsGoodAsInFloat32(string set)
    {
        using JsonDocument sample = JsonDocument.Parse(File.ReadLines(SharedData.Require($"models/needle-3l/eval/{set}.jsonl")).First());
        int[] context = Numbers(sample.RootElement.GetProperty("context"));
        JsonElement[] queries = [.. sample.RootElement.GetProperty("queries").EnumerateArray()];
        (int exact, int auto) = (Right(ModelPrecision.Float32), Right(ModelPrecision.Auto));
        TestContext.Out.WriteLine($"{set}: float32 {exact}, auto {auto} of {queries.Length}");
        Assert.That(exact, Is.GreaterThanOrEqualTo(queries.Length * 0.95));
        Assert.That(auto, Is.GreaterThanOrEqualTo(exact - (queries.Length * 0.02)));

        int Right(ModelPrecision precision)
        {
            using ModelFiles files = Open("models/needle-3l", DType.Q8_0);
            return queries.Count(query =>
            {
                int[] answer = Numbers(query.GetProperty("answer"));
                int[] prompt = [.. context, .. Numbers(query.GetProperty("prompt"))];
                using ModelRun run = new(files, new CpuBackend(2, precision), 1024, prompt.Length, prompt.Length + answer.Length);
                return run.Greedy(prompt, answer.Length).SequenceEqual(answer);
            });
        }
    }

    private static ModelFiles Open(string folder, DType type)
    {
        ModelFiles files = ModelDirectory.Open(SharedData.Require(folder));
        QuantisedWeights weights = new(files.Weights!, type);
        Assert.That(weights.Quantised, Is.GreaterThan(20));
        return new ModelFiles
        {
            Path = files.Path,
            Config = files.Config,
            GenerationConfig = files.GenerationConfig,
            TokenizerConfig = files.TokenizerConfig,
            TokenizerJsonPath = files.TokenizerJsonPath,
            Weights = weights,
        };
    }

    private static double LogSumExp(float[] logits)
    {
        double max = logits.Max();
        return max + Math.Log(logits.Sum(v => Math.Exp(v - max)));
    }

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
