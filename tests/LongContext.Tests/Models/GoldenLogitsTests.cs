using System.Text.Json;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Golden;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models;

/// <summary>Random models against the numbers of a float64 forward pass in another language, and of llama.cpp.</summary>
[TestFixture]
internal sealed class GoldenLogitsTests
{
    private const double Tolerance = 1e-3;
    private const double DecidedMargin = 0.01;

    [TestCase("tiny-f32-p48")]
    [TestCase("tiny-f16-p48")]
    [TestCase("tiny-bf16-p48")]
    [TestCase("tiny-q8_0-p48")]
    [TestCase("tiny-q4_0-p48")]
    [TestCase("tiny-tied-f32-p48")]
    [TestCase("tiny-llama3-f32-p48")]
    [TestCase("tiny-qwen2-f32-p48")]
    [TestCase("tiny-qwen3-f32-p48")]
    public void Forward_OfAGguf_GivesTheReferenceLogits(string name)
    {
        using JsonDocument golden = Read(name);
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("model.gguf"), Shape(golden), Type(golden));
        Compare(golden, folder.File("model.gguf"));
    }

    [TestCase("tiny-f32-p48")]
    [TestCase("tiny-tied-f32-p48")]
    [TestCase("tiny-llama3-f32-p48")]
    [TestCase("tiny-qwen2-f32-p48")]
    [TestCase("tiny-qwen3-f32-p48")]
    public void Forward_OfAFolder_GivesTheReferenceLogits(string name)
    {
        using JsonDocument golden = Read(name);
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.Path, Shape(golden), Type(golden));
        Compare(golden, folder.Path);
    }

    // Folders of 16-bit types round the norms too, which GGUF files do not: the recorded logits are not theirs.
    [TestCase("tiny", DType.F16)]
    [TestCase("tiny", DType.BF16)]
    [TestCase("tiny-qwen2", DType.BF16)]
    [TestCase("tiny-qwen3", DType.F16)]
    public void Forward_OfA16BitFolder_EqualsTheReferenceDecoder(string shape, DType type)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.Path, shape, type);
        using ModelFiles files = ModelDirectory.Open(folder.Path);
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), 4096, 48, 64);
        int[] ids = [.. Enumerable.Range(0, 48).Select(i => (int)((uint)i * 2654435761u % 316))];
        double[][] expected = new ReferenceDecoder(ReferenceModel.From(files), 4096).Logits(ids);
        Assert.That(
            run.Logits(ids, 48).SelectMany(r => r).Select(v => (double)v), Is.EqualTo(expected.SelectMany(r => r)).Within(Tolerance / 10));
    }

    private static void Compare(JsonDocument golden, string path)
    {
        JsonElement reference = golden.RootElement.GetProperty("float64_reference");
        int[] prompt = Integers(golden.RootElement.GetProperty("prompt"));
        int[] greedy = Integers(reference.GetProperty("greedy"));
        double[] margins = Numbers(reference.GetProperty("greedy_margins"));
        using ModelFiles files = ModelDirectory.Open(path);
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), 4096, prompt.Length, 2 * prompt.Length);

        // The reference's own continuation is fed, so that every decided step counts, also those after an undecided one.
        float[][] logits = run.Logits([.. prompt, .. greedy[..^1]], prompt.Length, 1);
        Assert.That(
            logits[prompt.Length - 1].Select(v => (double)v), Is.EqualTo(Numbers(reference.GetProperty("last_logits"))).Within(Tolerance));
        if (reference.GetProperty("argmax_agreement").GetDouble() == 1)
        {
            int[] expected = Integers(golden.RootElement.GetProperty("argmax_per_position"));
            Assert.That(logits[..prompt.Length].Select(ArgMax), Is.EqualTo(expected));
        }

        int decided = 0;
        for (int i = 0; i < greedy.Length; i++)
        {
            if (margins[i] > DecidedMargin)
            {
                decided++;
                Assert.That(ArgMax(logits[prompt.Length - 1 + i]), Is.EqualTo(greedy[i]), $"generated token {i}");
            }
        }

        Assert.That(decided, Is.GreaterThan(greedy.Length / 2));
    }

    private static int ArgMax(float[] row) => Array.IndexOf(row, row.Max());

    private static JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/{name}.json")));

    private static string Shape(JsonDocument golden) => golden.RootElement.GetProperty("shape").GetString()!;

    private static DType Type(JsonDocument golden) => Enum.Parse<DType>(golden.RootElement.GetProperty("type").GetString()!, ignoreCase: true);

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];
}
