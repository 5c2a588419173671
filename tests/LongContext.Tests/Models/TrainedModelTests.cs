using System.Text.Json;
using LongContext.Loading;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Models;

/// <summary>Two trained models against their recorded float64 logits and hidden states.</summary>
[TestFixture]
internal sealed class TrainedModelTests
{
    private const double Tolerance = 1e-3;

    [TestCase("models/stories260K")]
    [TestCase("models/stories260K/stories260K-f32.gguf")]
    public void Forward_OfStories260K_GivesItsLogitsAtEveryPositionAndItsHiddenStates(string model)
    {
        string golden = SharedData.Require("models/stories260K/golden.safetensors");
        int[] ids = ReferenceSafetensors.Integers(golden, "ids");
        float[] hidden = ReferenceSafetensors.Floats(golden, "hidden_after_layer"); // [5, 32, 64]
        using ModelFiles files = ModelDirectory.Open(SharedData.Require(model));
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), 512, ids.Length, 512);
        int layers = 0;
        run.Model.LayerObserver = (layer, x) =>
        {
            layers++;
            Assert.That(
                ModelBackends.ToHost(x)[..(32 * 64)], Is.EqualTo(hidden[(layer * 32 * 64)..((layer + 1) * 32 * 64)]).Within(Tolerance), $"layer {layer}");
        };
        float[][] logits = run.Logits(ids, ids.Length);
        Assert.That(layers, Is.EqualTo(5));
        Assert.That(logits.SelectMany(r => r), Is.EqualTo(ReferenceSafetensors.Floats(golden, "logits")).Within(Tolerance));
    }

    [TestCase("models/stories260K")]
    [TestCase("models/stories260K/stories260K-f32.gguf")]
    public void Forward_OfStories260KGreedily_TellsTheStory(string model)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("models/stories260K/golden.json")));
        int[] ids = [.. golden.RootElement.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
        using ModelFiles files = ModelDirectory.Open(SharedData.Require(model));
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), 512, 16, 512);
        Assert.That(run.Greedy(ids[..1], ids.Length - 1), Is.EqualTo(ids[1..]));
    }

    [TestCase("models/needle-3l")]
    [TestCase("models/needle-3l/needle-3l-f16.gguf")]
    public void Forward_OfNeedle3L_GivesTheLogitsOfItsLast64Positions(string model)
    {
        string golden = SharedData.Require("models/needle-3l/golden.safetensors");
        int[] ids = ReferenceSafetensors.Integers(golden, "ids");
        using ModelFiles files = ModelDirectory.Open(SharedData.Require(model));
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), 32_768, 100, 512);
        float[][] logits = run.Logits(ids, 100, 65);
        Assert.That(logits[^64..].SelectMany(r => r), Is.EqualTo(ReferenceSafetensors.Floats(golden, "logits_last64")).Within(Tolerance));
    }
}
