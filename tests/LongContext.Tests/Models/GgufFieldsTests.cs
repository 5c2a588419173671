using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Models.Rotary;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Models;

[TestFixture]
internal sealed class GgufFieldsTests
{
    [Test]
    public void Read_Llama_InterleavesItsRotaryPairs_OthersDoNot()
    {
        Assert.That(Read(Keys("llama")).RotaryLayout, Is.EqualTo(RotaryLayout.Interleaved));
        Assert.That(Read(Keys("qwen2")).RotaryLayout, Is.EqualTo(RotaryLayout.SplitHalves));
        Assert.That(Read(Keys("gemma3")).RotaryLayout, Is.EqualTo(RotaryLayout.SplitHalves));
    }

    [Test]
    public void Read_WithoutLengthsAndHeads_TakesThemFromTheOthers()
    {
        Dictionary<string, object> keys = Keys("llama");
        keys.Remove("llama.attention.key_length");
        keys.Remove("llama.attention.value_length");
        keys.Remove("llama.attention.head_count_kv");
        keys.Remove("llama.rope.freq_base");
        keys.Remove("llama.vocab_size");
        keys["tokenizer.ggml.tokens"] = new string[7];
        ModelConfig c = Read(keys);
        Assert.That((c.HeadDim, c.KVHeads, c.Rotary.Theta, c.VocabularySize), Is.EqualTo((16, 4, 10_000.0, 7)));
    }

    [Test]
    public void Read_AListOfEqualHeadCounts_CountsAsOne()
    {
        Dictionary<string, object> keys = Keys("llama");
        keys["llama.attention.head_count_kv"] = new long[] { 2, 2 };
        Assert.That(Read(keys).KVHeads, Is.EqualTo(2));
        keys["llama.attention.head_count_kv"] = new long[] { 2, 4 };
        Assert.That(() => Read(keys), Throws.TypeOf<UnsupportedModelException>());
    }

    [TestCase("gemma2", 46, 5)] // the 27B models divide by √(hidden / heads), the others by √headDim
    [TestCase("gemma2", 26, 16)]
    [TestCase("gemma3", 62, 5)]
    [TestCase("gemma3", 34, 16)]
    public void Read_Gemma_KnowsThe27BModelByItsLayers(string architecture, int layers, int squareOfDivisor)
    {
        Dictionary<string, object> keys = Keys(architecture);
        keys[$"{architecture}.block_count"] = (long)layers;
        keys[$"{architecture}.embedding_length"] = 20L;
        Assert.That(Read(keys).AttentionScale, Is.EqualTo(1 / MathF.Sqrt(squareOfDivisor)).Within(1e-7f));
    }

    [Test]
    public void Read_WithoutAWindow_Gemma2SlidesBy4096AndTheOthersDoNot()
    {
        Assert.That(Read(Keys("gemma2")).LayerWindows, Is.EqualTo(new[] { 4096, 0 }));
        foreach (string architecture in new[] { "gemma3", "phi3", "llama" })
        {
            Assert.That(Read(Keys(architecture)).LayerWindows, Is.Empty, architecture);
        }
    }

    [Test]
    public void Read_ScalingKeys_MakeTheScalingOfThatName()
    {
        Dictionary<string, object> keys = Keys("qwen2");
        keys["qwen2.rope.scaling.factor"] = 4.0;
        Assert.That(Read(keys).Rotary.Scaling, Is.EqualTo(new LinearScaling(4)), "a factor without a type");
        keys["qwen2.rope.scaling.type"] = "none";
        Assert.That(Read(keys).Rotary.Scaling, Is.EqualTo(new NoScaling()));
        keys["qwen2.rope.scaling.type"] = "yarn";
        keys["qwen2.rope.scaling.original_context_length"] = 512L;
        ModelConfig c = Read(keys);
        Assert.That(c.Rotary.Scaling.AttentionFactor, Is.EqualTo((0.1 * Math.Log(4)) + 1).Within(1e-12));
        Assert.That(c.MaxContextLength, Is.EqualTo(2048));
        keys["qwen2.rope.scaling.type"] = "spiral";
        Assert.That(() => Read(keys), Throws.TypeOf<UnsupportedModelException>().With.Message.Contains("spiral"));
    }

    [TestCase("block_count", 0L)]
    [TestCase("block_count", 1_000_000_000L)]
    [TestCase("block_count", "two")]
    [TestCase("attention.head_count", 5L)]
    [TestCase("attention.head_count_kv", 3L)]
    [TestCase("attention.head_count_kv", 0L)]
    [TestCase("attention.key_length", 15L)]
    [TestCase("attention.key_length", 1L << 40)]
    [TestCase("rope.dimension_count", 18L)]
    [TestCase("rope.dimension_count", 3L)]
    [TestCase("rope.freq_base", double.NaN)]
    [TestCase("rope.freq_base", double.PositiveInfinity)]
    [TestCase("rope.scaling.factor", double.NaN)]
    [TestCase("rope.scaling.factor", -2.0)]
    [TestCase("context_length", long.MaxValue)]
    [TestCase("context_length", -1L)]
    [TestCase("embedding_length", 0L)]
    [TestCase("feed_forward_length", 1L << 50)]
    [TestCase("vocab_size", 0L)]
    [TestCase("attention.layer_norm_rms_epsilon", double.NaN)]
    [TestCase("attention.sliding_window", -4L)]
    public void Read_AValueOutOfRange_IsAFormatErrorThatNamesTheFile(string name, object value)
    {
        Dictionary<string, object> keys = Keys("llama");
        keys[$"llama.{name}"] = value;
        if (name == "attention.head_count")
        {
            keys.Remove("llama.attention.key_length"); // 5 heads do not divide 64
        }

        if (name == "attention.key_length")
        {
            keys["llama.attention.value_length"] = value;
        }

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Read(keys))!;
        Assert.That(error.File, Is.EqualTo("memory.gguf"));
    }

    [TestCase("expert_count", 8L)]
    [TestCase("attention.causal", false)]
    [TestCase("attention.value_length", 8L)]
    public void Read_AnOptionThatIsNotImplemented_IsUnsupported(string name, object value)
    {
        Dictionary<string, object> keys = Keys("llama");
        keys[$"llama.{name}"] = value;
        Assert.That(() => Read(keys), Throws.TypeOf<UnsupportedModelException>());
    }

    [TestCase("mamba")]
    [TestCase("mistral")]
    [TestCase("")]
    public void Read_AnotherArchitecture_IsUnsupportedByName(string name) =>
        Assert.That(() => Read(Keys(name)), Throws.TypeOf<UnsupportedModelException>().With.Message.Contains($"'{name}'"));

    [TestCase(7, 1f)]
    [TestCase(8, 0f)]
    [TestCase(8, float.NaN)]
    public void Read_RotaryFactorsOfTheWrongLengthOrValue_AreAFormatError(int length, float value)
    {
        using MemoryWeights weights = new(WeightNaming.Gguf, []);
        weights.Set("rope_freqs.weight", new ReferenceTensor([.. Enumerable.Repeat(value, length)], length));
        Assert.That(
            () => Read(Keys("llama"), weights),
            Throws.TypeOf<ModelFormatException>().With.Property(nameof(ModelFormatException.Field)).EqualTo("rope_freqs.weight"));
    }

    private static Dictionary<string, object> Keys(string a) => new()
    {
        ["general.architecture"] = a,
        [$"{a}.context_length"] = 512L,
        [$"{a}.embedding_length"] = 64L,
        [$"{a}.block_count"] = 2L,
        [$"{a}.feed_forward_length"] = 96L,
        [$"{a}.attention.head_count"] = 4L,
        [$"{a}.attention.head_count_kv"] = 2L,
        [$"{a}.attention.key_length"] = 16L,
        [$"{a}.attention.value_length"] = 16L,
        [$"{a}.attention.layer_norm_rms_epsilon"] = 1e-5,
        [$"{a}.rope.freq_base"] = 1e6,
        [$"{a}.vocab_size"] = 99L,
    };

    private static ModelConfig Read(Dictionary<string, object> keys, IWeightSource? weights = null)
    {
        ModelFiles files = new() { Path = "memory.gguf", Gguf = new GgufMetadata("memory.gguf", keys), Weights = weights };
        return CausalLM.ReadConfig(files);
    }
}
