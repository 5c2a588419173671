using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Loading;

/// <summary>The tiny models of the other architectures: both forms open, and hold the same numbers.</summary>
[TestFixture]
internal sealed class GoldenVariantTests
{
    [TestCase("tiny-phi3", "phi3")]
    [TestCase("tiny-gemma2", "gemma2")]
    [TestCase("tiny-gemma3", "gemma3_text")]
    [TestCase("tiny-mistral", "mistral")]
    [TestCase("tiny-qwen2-yarn", "qwen2")]
    public void WriteFolder_EveryVariant_Opens(string shape, string modelType)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.Path, shape, DType.F32);
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.Config!.RequireString("model_type"), Is.EqualTo(modelType));
        Assert.That(files.Weights!.Tensors, Does.ContainKey("model.layers.1.input_layernorm.weight"));
    }

    [TestCase("tiny-phi3", "blk.1.ffn_up.weight", "model.layers.1.mlp.gate_up_proj.weight", 0)]
    [TestCase("tiny-phi3", "blk.0.attn_qkv.weight", "model.layers.0.self_attn.qkv_proj.weight", 0)]
    [TestCase("tiny-gemma2", "blk.3.post_ffw_norm.weight", "model.layers.3.post_feedforward_layernorm.weight", 1)]
    [TestCase("tiny-gemma2", "output_norm.weight", "model.norm.weight", 1)]
    [TestCase("tiny-gemma3", "blk.6.attn_q_norm.weight", "model.layers.6.self_attn.q_norm.weight", 1)]
    [TestCase("tiny-qwen2-yarn", "blk.0.attn_q.bias", "model.layers.0.self_attn.q_proj.bias", 0)]
    public void WriteGguf_EveryVariant_HasTheFoldersNumbers(string shape, string gguf, string folderName, float difference)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.File("hf"), shape, DType.F32);
        GoldenModel.WriteGguf(folder.File("m.gguf"), shape, DType.F32);
        using ModelFiles a = ModelDirectory.Open(folder.File("m.gguf")), b = ModelDirectory.Open(folder.File("hf"));

        float[] fromFolder = b.Weights!.Open(folderName).HostSpan<float>().ToArray();
        Assert.That(a.Weights!.Open(gguf).HostSpan<float>().ToArray(), Is.EqualTo(fromFolder.Select(v => v + difference)));
        Assert.That(a.Weights.Tensors.Count(t => !t.Key.StartsWith("rope", StringComparison.Ordinal)), Is.EqualTo(b.Weights.Tensors.Count));
    }

    [TestCase("tiny-phi3")]
    [TestCase("tiny-gemma2")]
    [TestCase("tiny-gemma3")]
    [TestCase("tiny-qwen2-yarn")]
    [TestCase("tiny-llama3")]
    public void Logits_OfBothForms_AreEqual(string shape)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.File("hf"), shape, DType.F32);
        GoldenModel.WriteGguf(folder.File("m.gguf"), shape, DType.F32);

        float[] fromFolder = Logits(folder.File("hf"));
        Assert.That(Logits(folder.File("m.gguf")), Is.EqualTo(fromFolder).Within(1e-4f));
        Assert.That(fromFolder.Max(), Is.GreaterThan(0.1f), "the model says something");
    }

    [Test]
    public void WriteGguf_Phi3_HasTheRotaryFactorsOfTheConfiguration()
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.File("hf"), "tiny-phi3", DType.F32);
        GoldenModel.WriteGguf(folder.File("m.gguf"), "tiny-phi3", DType.Q8_0);
        using ModelFiles a = ModelDirectory.Open(folder.File("m.gguf")), b = ModelDirectory.Open(folder.File("hf"));

        double[] factors = b.Config!.GetObject("rope_scaling")!.GetNumbers("long_factor")!;
        Tensor tensor = a.Weights!.Open("rope_factors_long.weight");
        Assert.That(ReferenceDequantizer.Decode(tensor.HostSpan<byte>(), tensor.Type), Is.EqualTo(factors));
        Assert.That(() => GoldenModel.WriteGguf(folder.File("x.gguf"), "tiny-mistral", DType.F32), Throws.ArgumentException);
    }

    private static float[] Logits(string path)
    {
        const int Length = 40; // beyond the windows and a page
        using ModelFiles files = ModelDirectory.Open(path);
        using ModelRun run = new(files, ModelBackend.Cpu.Create(), 128, Length, 2 * Length);
        return [.. run.Logits([.. Enumerable.Range(0, Length).Select(i => i * 7 % 300)], Length).SelectMany(row => row)];
    }
}
