using System.Text.Json;
using LongContext.Backends.Cpu;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Models;

/// <summary>What the automatic precision costs in quality: no more than others pay on the same files, and next to nothing on a real text.</summary>
[TestFixture]
internal sealed class AutoPrecisionTests
{
    [TestCase("tiny-f32-p48", DType.F32)]
    [TestCase("tiny-f16-p48", DType.F32)]
    [TestCase("tiny-bf16-p48", DType.F32)]
    [TestCase("tiny-q8_0-p48", DType.F32)]
    [TestCase("tiny-q8_0-p48", DType.BF16)]
    [TestCase("tiny-q4_0-p48", DType.F32)]
    [TestCase("tiny-q4_0-p48", DType.BF16)]
    [TestCase("tiny-tied-f32-p48", DType.F32)]
    [TestCase("tiny-llama3-f32-p48", DType.F32)]
    [TestCase("tiny-qwen2-f32-p48", DType.F32)]
    [TestCase("tiny-qwen3-f32-p48", DType.F32)]
    public void Forward_OfAGguf_IsNoFurtherFromFloat64ThanLlamaCpp(string name, DType cache)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/{name}.json")));
        JsonElement root = golden.RootElement;
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(
            folder.File("model.gguf"), root.GetProperty("shape").GetString()!, Enum.Parse<DType>(root.GetProperty("type").GetString()!, ignoreCase: true));
        int[] prompt = [.. Numbers(root.GetProperty("prompt")).Select(v => (int)v)];
        double[] exact = Numbers(root.GetProperty("float64_reference").GetProperty("last_logits"));
        using ModelFiles files = ModelDirectory.Open(folder.File("model.gguf"));
        using ModelRun run = new(files, new CpuBackend(2, ModelPrecision.Auto), 4096, prompt.Length, prompt.Length, cache);

        double ours = Distance(run.Logits(prompt, prompt.Length)[^1].Select(v => (double)v), exact);
        double theirs = Distance(Numbers(root.GetProperty("last_logits")), exact);
        TestContext.Out.WriteLine($"largest difference: {ours:E2}, llama.cpp {theirs:E2}");
        Assert.That(ours, Is.LessThanOrEqualTo(Math.Max(1.02 * theirs, 1e-4))); // 1e-4: nothing is rounded, F32's own noise
    }

    /// <summary>Weights that linear layers do not round: so what differs is attention's, over a cache that rounds keys and values.</summary>
    [TestCase("tiny-f32-p48")]
    [TestCase("tiny-f16-p48")]
    [TestCase("tiny-tied-f32-p48")]
    [TestCase("tiny-llama3-f32-p48")]
    [TestCase("tiny-qwen2-f32-p48")]
    [TestCase("tiny-qwen3-f32-p48")]
    public void Attention_RoundingQueriesAndWeights_CostsNoMoreThanRoundingKeysAndValues(string name)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/{name}.json")));
        double[] exact = Numbers(golden.RootElement.GetProperty("float64_reference").GetProperty("last_logits"));
        using TemporaryFolder folder = new();
        (double cache, double both) = (Error(ModelPrecision.Float32), Error(ModelPrecision.Auto));
        TestContext.Out.WriteLine($"root mean square: {cache:E2} by the cache, {both:E2} with attention; ratio {both / cache:F2}");
        Assert.That(both, Is.LessThanOrEqualTo(2 * cache)); // √2 would be as much again

        double Error(ModelPrecision precision)
        {
            JsonElement root = golden.RootElement;
            string path = folder.File("model.gguf");
            GoldenModel.WriteGguf(path, root.GetProperty("shape").GetString()!, Enum.Parse<DType>(root.GetProperty("type").GetString()!, ignoreCase: true));
            int[] prompt = [.. Numbers(root.GetProperty("prompt")).Select(v => (int)v)];
            using ModelFiles files = ModelDirectory.Open(path);
            using ModelRun run = new(files, new CpuBackend(2, precision), 4096, prompt.Length, prompt.Length, DType.BF16);
            return Math.Sqrt(run.Logits(prompt, prompt.Length)[^1].Zip(exact, (x, y) => (x - y) * (x - y)).Average());
        }
    }

    [TestCase(DType.F32, DType.F32)]
    [TestCase(DType.BF16, DType.F32)]
    [TestCase(DType.BF16, DType.BF16)]
    public void Likelihood_OfStories_LosesAtMostHalfAPercent(DType type, DType cache)
    {
        using TemporaryFolder folder = new();
        Convert(SharedData.Require("models/stories260K"), folder.Path, type);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("models/stories260K/golden.json")));
        int[] ids = [.. Numbers(golden.RootElement.GetProperty("ids")).Select(v => (int)v)];
        (double exact, double auto) = (MeanLogLikelihood(folder.Path, ModelPrecision.Float32), MeanLogLikelihood(folder.Path, ModelPrecision.Auto));
        TestContext.Out.WriteLine($"{type}: float32 {exact:F5}, auto {auto:F5}, {100 * (auto - exact) / exact:F3} % lost");
        Assert.That(exact, Is.InRange(-0.47, -0.44), "recorded: -0.4558 with F32 weights");
        Assert.That(auto, Is.GreaterThanOrEqualTo(exact * 1.005));

        double MeanLogLikelihood(string path, ModelPrecision precision)
        {
            using ModelFiles files = ModelDirectory.Open(path);
            using ModelRun run = new(files, new CpuBackend(2, precision), 512, ids.Length, ids.Length, precision == ModelPrecision.Auto ? cache : DType.F32);
            float[][] logits = run.Logits(ids, ids.Length);
            return ids.Skip(1).Select((id, i) => logits[i][id] - LogSumExp(logits[i])).Average();
        }
    }

    /// <summary>A folder with the same model, its matrices in another type.</summary>
    internal static void Convert(string source, string destination, DType type)
    {
        foreach (string name in (string[])["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(source, name), Path.Combine(destination, name));
        }

        string weights = Path.Combine(source, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, BitConverter.ToInt32(bytes)));
        SafetensorsWriter writer = new();
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject().Where(t => t.Name != "__metadata__"))
        {
            long[] shape = [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
            writer.Tensor(tensor.Name, type, shape, ReferenceSafetensors.Floats(weights, tensor.Name));
        }

        writer.Write(Path.Combine(destination, "model.safetensors"));
    }

    private static double LogSumExp(float[] logits)
    {
        double max = logits.Max();
        return max + Math.Log(logits.Sum(v => Math.Exp(v - max)));
    }

    private static double Distance(IEnumerable<double> actual, double[] expected) => actual.Zip(expected, (x, y) => Math.Abs(x - y)).Max();

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];
}
