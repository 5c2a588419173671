using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models;
using LongContext.Models.Rotary;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Models;

[TestFixture]
internal sealed class ArchitectureRegistryTests
{
    private const string Llama =
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 96, "vocab_size": 99, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
         "rope_theta": 10000.0, "hidden_act": "silu"}
        """;

    // name, architecture, layers, hidden, q heads, kv heads, head dim, vocabulary, context, tied
    [TestCase("Llama-3.2-1B-Instruct", "llama", 16, 2048, 32, 8, 64, 128256, 131072, true)]
    [TestCase("Meta-Llama-3.1-8B", "llama", 32, 4096, 32, 8, 128, 128256, 131072, false)]
    [TestCase("SmolLM2-135M", "llama", 30, 576, 9, 3, 64, 49152, 8192, true)]
    [TestCase("Mistral-7B-v0.1", "mistral", 32, 4096, 32, 8, 128, 32000, 32768, false)]
    [TestCase("Mistral-Nemo-Base-2407", "mistral", 40, 5120, 32, 8, 128, 131072, 128000, false)]
    [TestCase("Qwen2.5-7B-Instruct", "qwen2", 28, 3584, 28, 4, 128, 152064, 32768, false)]
    [TestCase("Qwen2.5-7B-Instruct-yarn", "qwen2", 28, 3584, 28, 4, 128, 152064, 131072, false)]
    [TestCase("Qwen3-0.6B", "qwen3", 28, 1024, 16, 8, 128, 151936, 40960, true)]
    [TestCase("Qwen3-4B-Thinking-2507", "qwen3", 36, 2560, 32, 8, 128, 151936, 262144, true)]
    [TestCase("Qwen3-8B", "qwen3", 36, 4096, 32, 8, 128, 151936, 40960, false)]
    [TestCase("Phi-3.5-mini-instruct", "phi3", 32, 3072, 32, 32, 96, 32064, 131072, false)]
    [TestCase("gemma-2-2b-it", "gemma2", 26, 2304, 8, 4, 256, 256000, 8192, true)]
    [TestCase("gemma-3-1b-it", "gemma3", 26, 1152, 4, 1, 256, 262144, 32768, true)]
    public void Read_APublishedConfiguration_MapsItsSizes(
        string name, string architecture, int layers, int hidden, int qHeads, int kvHeads, int headDim, int vocabulary, int context, bool tied)
    {
        ModelConfig c = Published(name);
        Assert.That(
            (c.Architecture, c.Layers, c.HiddenSize, c.QHeads, c.KVHeads, c.HeadDim, c.VocabularySize, c.MaxContextLength, c.TieWordEmbeddings),
            Is.EqualTo((architecture, layers, hidden, qHeads, kvHeads, headDim, vocabulary, context, tied)));
    }

    [TestCase("Mixtral-8x7B-v0.1", "MixtralForCausalLM")]
    [TestCase("Qwen3-30B-A3B", "Qwen3MoeForCausalLM")]
    [TestCase("gpt-oss-20b", "GptOssForCausalLM")]
    [TestCase("DeepSeek-V3", "DeepseekV3ForCausalLM")]
    public void Read_APublishedConfigurationOfAnotherKind_SaysWhichAndWhatThereIs(string name, string named)
    {
        string json = File.ReadAllText(SharedData.Require($"configs/{name}/config.json"));
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Read(json))!;
        Assert.That(error.Message, Does.Contain(named).And.Contain("Qwen3ForCausalLM"));
    }

    [Test]
    public void Read_EveryPublishedConfiguration_MapsOrIsTypedUnsupported()
    {
        List<string> unsupported = [];
        foreach (string folder in Directory.GetDirectories(SharedData.Require("configs")))
        {
            try
            {
                Published(Path.GetFileName(folder));
            }
            catch (UnsupportedModelException)
            {
                unsupported.Add(Path.GetFileName(folder));
            }
        }

        Assert.That(unsupported, Is.EquivalentTo(new[] { "Mixtral-8x7B-v0.1", "Qwen3-30B-A3B", "gpt-oss-20b", "DeepSeek-V3" }));
    }

    [Test]
    public void Read_MistralOf2023_SlidesOnEveryLayer()
    {
        Assert.That(Published("Mistral-7B-v0.1").LayerWindows, Is.EqualTo(Enumerable.Repeat(4096, 32)));
        Assert.That(Published("Mistral-Nemo-Base-2407").LayerWindows, Is.Empty);
    }

    [Test]
    public void Read_Gemma2_SlidesOnEvenLayersAndCapsAndScales()
    {
        ModelConfig c = Published("gemma-2-2b-it");
        Assert.That(c.LayerWindows, Is.EqualTo(Enumerable.Range(0, 26).Select(l => l % 2 == 0 ? 4096 : 0)));
        Assert.That((c.AttentionSoftCap, c.LogitSoftCap, c.EmbeddingScale, c.NormOffset), Is.EqualTo((50f, 30f, 48f, 1f)));
        Assert.That((c.Activation, c.AttentionScale), Is.EqualTo((Activation.GeluTanh, 1 / 16f)));
    }

    [Test]
    public void Read_Gemma3_HasFiveLocalLayersToAGlobalOneAndTwoRotaryBases()
    {
        ModelConfig c = Published("gemma-3-1b-it");
        Assert.That(c.LayerWindows, Is.EqualTo(Enumerable.Range(0, 26).Select(l => l % 6 == 5 ? 0 : 512)));
        Assert.That((c.Rotary.Theta, c.LocalRotary!.Theta), Is.EqualTo((1e6, 1e4)));
        Assert.That((c.IsLocal(4), c.IsLocal(5)), Is.EqualTo((true, false)));
        Assert.That(c.EmbeddingScale, Is.EqualTo(34f), "√1152 = 33.94, in bfloat16 as trained");
        Assert.That((c.AttentionSoftCap, c.LogitSoftCap), Is.EqualTo((0f, 0f)));
    }

    [Test]
    public void Read_QwenWithYarn_KeepsItsWindowsOffAndStretchesAttention()
    {
        ModelConfig c = Published("Qwen2.5-7B-Instruct-yarn");
        Assert.That(c.LayerWindows, Is.Empty);
        Assert.That(c.Rotary.Scaling, Is.EqualTo(new YarnScaling(4, 32768)));
        Assert.That(c.Rotary.Scaling.AttentionFactor, Is.EqualTo(1.1386294361119891).Within(1e-12));
    }

    [Test]
    public void Read_Phi35_HasTwoSetsOf48FactorsAndItsAttentionFactor()
    {
        LongRopeScaling scaling = (LongRopeScaling)Published("Phi-3.5-mini-instruct").Rotary.Scaling;
        Assert.That((scaling.ShortFactors.Length, scaling.LongFactors.Length, scaling.OriginalContext), Is.EqualTo((48, 48, 4096)));
        Assert.That(scaling.AttentionFactor, Is.EqualTo(1.1902380714238083).Within(1e-12), "√(1 + ln 32 / ln 4096) = √(17/12)");
    }

    // reliability.md 2.3
    [TestCase("num_hidden_layers", "0")]
    [TestCase("num_hidden_layers", "1000000000")]
    [TestCase("num_hidden_layers", "-1")]
    [TestCase("num_hidden_layers", "\"two\"")]
    [TestCase("head_dim", "0")]
    [TestCase("head_dim", "15")]
    [TestCase("num_key_value_heads", "3")]
    [TestCase("num_key_value_heads", "0")]
    [TestCase("num_attention_heads", "5")]
    [TestCase("hidden_size", "0")]
    [TestCase("hidden_size", "4294967296")]
    [TestCase("intermediate_size", "-7")]
    [TestCase("vocab_size", "9223372036854775807")]
    [TestCase("max_position_embeddings", "9223372036854775808")]
    [TestCase("max_position_embeddings", "0")]
    [TestCase("rms_norm_eps", "-1")]
    [TestCase("rms_norm_eps", "1e999")]
    [TestCase("rms_norm_eps", "null")]
    [TestCase("rope_theta", "1e999")]
    [TestCase("rope_theta", "0")]
    [TestCase("rope_theta", "-10000")]
    [TestCase("rope_theta", "\"NaN\"")]
    [TestCase("partial_rotary_factor", "0")]
    [TestCase("partial_rotary_factor", "0.2")] // 3 of 16 features would turn
    [TestCase("tie_word_embeddings", "1")]
    [TestCase("layer_types", "[\"full_attention\"]")]
    [TestCase("layer_types", "[\"sliding_attention\", \"full_attention\"]")] // and no sliding_window
    [TestCase("rope_scaling", "{\"type\": \"linear\"}")]
    [TestCase("rope_scaling", "{\"type\": \"linear\", \"factor\": 0.0}")]
    [TestCase("rope_scaling", "{\"type\": \"linear\", \"factor\": 1e999}")]
    [TestCase("rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1, \"high_freq_factor\": 4}")]
    [TestCase("rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1, \"high_freq_factor\": 1, \"original_max_position_embeddings\": 64}")]
    [TestCase("rope_scaling", "{\"type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 0}")]
    [TestCase("rope_scaling", "{\"type\": \"yarn\", \"factor\": 4.0, \"beta_fast\": 0}")]
    [TestCase("rope_scaling", "{\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}")]
    [TestCase("rope_scaling", "{\"type\": \"longrope\"}")]
    [TestCase("rope_scaling", "7")]
    public void Read_AValueOutOfRange_IsAFormatErrorThatNamesTheFile(string key, string value)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Read(With(key, value)))!;
        Assert.That(error.File, Does.StartWith("config.json"));
        Assert.That(error.Field, Is.Not.Empty);
    }

    [TestCase("hidden_act", "\"relu; import os\"", "relu")]
    [TestCase("rope_scaling", "{\"type\": \"dynamic\", \"factor\": 2.0}", "dynamic")]
    [TestCase("rope_scaling", "{\"rope_type\": \"mrope\"}", "mrope")]
    [TestCase("attention_bias", "true", "attention_bias")]
    [TestCase("mlp_bias", "true", "mlp_bias")]
    [TestCase("rope_interleaved", "true", "rope_interleaved")]
    [TestCase("num_local_experts", "8", "num_local_experts")]
    [TestCase("quantization_config", "{\"quant_method\": \"gptq\"}", "gptq")]
    [TestCase("layer_types", "[\"chunked_attention\", \"full_attention\"]", "chunked_attention")]
    [TestCase("architectures", "[\"MambaForCausalLM\"]", "MambaForCausalLM")]
    public void Read_AnOptionThatIsNotImplemented_IsUnsupportedByName(string key, string value, string named)
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Read(With(key, value)))!;
        Assert.That(error.Message, Does.Contain(named));
    }

    [TestCase("hidden_size")]
    [TestCase("num_hidden_layers")]
    [TestCase("num_attention_heads")]
    [TestCase("intermediate_size")]
    [TestCase("vocab_size")]
    [TestCase("max_position_embeddings")]
    [TestCase("rms_norm_eps")]
    public void Read_WithoutARequiredKey_NamesIt(string key)
    {
        JsonObject json = JsonNode.Parse(Llama)!.AsObject();
        json.Remove(key);
        Assert.That(
            () => Read(json.ToJsonString()), Throws.TypeOf<ModelFormatException>().With.Property(nameof(ModelFormatException.Field)).EqualTo(key));
    }

    [Test]
    public void Read_WithAutoMap_LoadsNothingByThatName()
    {
        ModelConfig c = Read(With("auto_map", "{\"AutoModelForCausalLM\": \"evil.Model\"}"));
        Assert.That(c, Is.EqualTo(Read(Llama) with { Rotary = c.Rotary, LayerWindows = c.LayerWindows }));
    }

    [Test]
    public void Read_WithoutArchitectures_GoesByModelType() =>
        Assert.That(Read(With("architectures", "null")).Architecture, Is.EqualTo("llama"));

    [Test]
    public void Read_RopeParameters_MeanWhatThetaAndScalingMeant()
    {
        JsonObject json = JsonNode.Parse(Llama)!.AsObject();
        json.Remove("rope_theta");
        json["rope_parameters"] = JsonNode.Parse("""{"rope_type": "linear", "factor": 2.0, "rope_theta": 123.0, "partial_rotary_factor": 0.5}""");
        Assert.That(Read(json.ToJsonString()).Rotary, Is.EqualTo(new RotaryParameters(123, 8, new LinearScaling(2))));
    }

    [Test]
    public void ReadInfo_OfAConfigurationAlone_CountsTheWeights()
    {
        using ModelFiles files = Files(Llama);
        long layer = (64 * 64 * 2) + (32 * 64 * 2) + (96 * 64 * 3) + (2 * 64);
        Assert.That(CausalLM.ReadInfo(files).ParameterCount, Is.EqualTo((2 * layer) + (2 * 99 * 64) + 64));
    }

    private static string With(string key, string value)
    {
        JsonObject json = JsonNode.Parse(Llama)!.AsObject();
        json.Remove(key);
        string text = json.ToJsonString();
        return text[..text.LastIndexOf('}')] + $", \"{key}\": {value}}}";
    }

    private static ModelConfig Published(string name) => Read(File.ReadAllText(SharedData.Require($"configs/{name}/config.json")));

    private static ModelConfig Read(string json)
    {
        using ModelFiles files = Files(json);
        return CausalLM.ReadConfig(files);
    }

    private static ModelFiles Files(string json) => new()
    {
        Path = "memory",
        Config = new JsonConfig("config.json", JsonDocument.Parse(json).RootElement),
    };
}
