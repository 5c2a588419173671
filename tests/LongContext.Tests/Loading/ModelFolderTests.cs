using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Formats;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;
using static LongContext.Tests.Loading.BadModel;

namespace LongContext.Tests.Loading;

/// <summary>What <see cref="ModelDirectory"/> finds in folders, and what it refuses to touch.</summary>
[TestFixture]
internal sealed class ModelFolderTests
{
    [Test]
    public void Open_FolderWithAllFiles_FindsThem()
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.Path, "tiny-qwen2", DType.BF16);
        folder.Write("generation_config.json", "{\"eos_token_id\": [1, 2]}");
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(files.Config!.RequireString("model_type"), Is.EqualTo("qwen2"));
            Assert.That(files.GenerationConfig!.GetIntegers("eos_token_id"), Is.EqualTo(new[] { 1L, 2L }));
            Assert.That(files.TokenizerConfig!.GetString("bos_token"), Is.EqualTo("<|bos|>"));
            Assert.That(files.TokenizerJsonPath, Is.EqualTo(folder.File("tokenizer.json")));
            Assert.That(files.ChatTemplate, Is.EqualTo(GoldenTokenizer.ChatTemplate));
            Assert.That(files.Gguf, Is.Null);
            Assert.That(files.Weights!.Naming, Is.EqualTo(WeightNaming.HuggingFace));
            Assert.That(files.Weights.Open("model.layers.1.mlp.down_proj.weight").ToString(), Is.EqualTo("BF16[64, 160]"));
        }
    }

    [Test]
    public void Open_FolderWithoutWeights_HasNone()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.Weights, Is.Null);
        Assert.That(files.TokenizerJsonPath, Is.Null);
        Assert.That(files.ChatTemplate, Is.Null);
    }

    [TestCase("{\"chat_template\": \"x\"}", "x")]
    [TestCase("{\"chat_template\": null}", null)]
    [TestCase("{\"chat_template\": []}", null)]
    [TestCase("{\"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"}, {\"name\": \"default\", \"template\": \"d\"}]}", "d")]
    [TestCase("{\"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"}]}", "r")]
    public void ChatTemplate_InTheTokenizersConfiguration_IsTheDefaultOne(string tokenizerConfig, string? expected)
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("tokenizer_config.json", tokenizerConfig);
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.ChatTemplate, Is.EqualTo(expected));
    }

    [Test]
    public void ChatTemplate_InAFileOfItsOwn_GoesFirst()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("tokenizer_config.json", "{\"chat_template\": \"x\"}");
        folder.Write("chat_template.jinja", "{{ messages }}\n");
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.ChatTemplate, Is.EqualTo("{{ messages }}\n"));
    }

    [TestCase("{\"chat_template\": 1}")]
    [TestCase("{\"chat_template\": [1]}")]
    [TestCase("{\"chat_template\": [{\"name\": \"default\"}]}")]
    public void ChatTemplate_OfAnotherType_IsRefused(string tokenizerConfig)
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("tokenizer_config.json", tokenizerConfig);

        Measure<ModelFormatException>(folder.Path);
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("1")]
    [TestCase("{")]
    [TestCase("{} {}")]
    [TestCase("{\"a\": 1, \"a\": 2}")]
    [TestCase("{\"b\": {\"a\": 1, \"\\u0061\": 2}}")]
    [TestCase("{\"a\": NaN}")]
    [TestCase("{\"a\": \"\\ud800\"}")]
    [TestCase("{\"\\udc00\": 1}")]
    [TestCase("// x\n{}")]
    public void Config_NotOneSoundObject_IsRefused(string json)
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", json);

        Assert.That(Measure<ModelFormatException>(folder.Path).File, Does.EndWith("config.json"));
    }

    [Test]
    public void Config_TooDeepOrTooLargeOrNotUtf8_IsRefused()
    {
        using TemporaryFolder folder = new();
        byte[] deep = [.. "{\"a\":"u8, .. Enumerable.Repeat((byte)'[', 100_000)];
        byte[] large = [.. "{\"a\":1"u8, .. Enumerable.Repeat((byte)' ', 8 << 20), (byte)'}'];
        byte[] binary = [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'0', (byte)'}'];
        foreach (byte[] json in (byte[][])[deep, large, binary])
        {
            folder.Write("config.json", json);
            Measure<ModelFormatException>(folder.Path);
        }
    }

    [Test]
    public void Config_OfManySmallValuesOrKeys_StaysWithinTimeAndMemory()
    {
        using TemporaryFolder folder = new();
        string keys = "{" + string.Join(',', Enumerable.Range(0, 490_000).Select(i => $"\"k{i}\":1"));
        foreach (int count in (int[])[900_000, 4_000_000])
        {
            folder.Write("config.json", "{\"a\":[" + string.Join(',', Enumerable.Repeat('1', count)) + "],\"a\":1}"); // refused at the end
            Measure<ModelFormatException>(folder.Path);
        }

        folder.Write("config.json", keys + ",\"k0\":1}");
        Measure<ModelFormatException>(folder.Path);
    }

    [Test]
    public void Open_FolderWithOneGgufFile_OpensIt()
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("any.gguf"), "tiny", DType.Q8_0);
        folder.Write("README.md", "text");
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.Weights!.Naming, Is.EqualTo(WeightNaming.Gguf));
        Assert.That(files.ChatTemplate, Is.EqualTo(GoldenTokenizer.ChatTemplate));
    }

    [Test]
    public void Open_FolderWithSeveralModelsOrNone_IsRefused()
    {
        using TemporaryFolder folder = new();
        Assert.That(Measure<ModelFormatException>(folder.Path).Message, Does.Contain("neither"));
        folder.Write("a.gguf", new GgufWriter().ToArray());
        folder.Write("b.gguf", new GgufWriter().ToArray());
        Assert.That(Measure<ModelFormatException>(folder.Path).Message, Does.Contain("not parts of one model"));
        Assert.That(Measure<ModelFormatException>(folder.File("absent")).Message, Does.Contain("no such file"));
    }

    [TestCase("config.json")]
    [TestCase("tokenizer.json")]
    [TestCase("chat_template.jinja")]
    [TestCase("model.safetensors")]
    public void Link_OutOfTheFolder_IsFollowedOnlyIfAllowed(string name)
    {
        using TemporaryFolder outside = new(), folder = new();
        GoldenModel.WriteFolder(folder.Path, "tiny", DType.F32);
        folder.Write("chat_template.jinja", "x");
        File.Move(folder.File(name), outside.File("blob"));
        File.CreateSymbolicLink(folder.File(name), outside.File("blob"));

        Assert.That(Measure<ModelFormatException>(folder.Path).Message, Does.Contain("outside of the model's folder"));
        using ModelFiles files = ModelDirectory.Open(folder.Path, linkRoot: outside.Path);
        Assert.That(files.Weights!.Tensors, Is.Not.Empty);
    }

    [Test]
    public void Link_ThroughAnotherLinkOrInCircles_IsRefused()
    {
        using TemporaryFolder outside = new(), folder = new();
        folder.Write("config.json", "{}");
        outside.Write("secret", "{}");
        Directory.CreateSymbolicLink(folder.File("sub"), outside.Path);
        File.CreateSymbolicLink(folder.File("generation_config.json"), "sub/secret"); // looks as if it stayed inside
        Assert.That(Measure<ModelFormatException>(folder.Path).Message, Does.Contain("outside of the model's folder"));

        File.Delete(folder.File("generation_config.json"));
        File.Delete(folder.File("config.json"));
        File.CreateSymbolicLink(folder.File("config.json"), "config.json");
        Measure<ModelFormatException>(folder.Path);
    }

    [Test]
    public void Link_ToTheFolderItself_IsAllowed()
    {
        using TemporaryFolder outside = new(), folder = new();
        GoldenModel.WriteFolder(folder.Path, "tiny", DType.F32);
        Directory.CreateSymbolicLink(outside.File("link"), folder.Path);
        using ModelFiles files = ModelDirectory.Open(outside.File("link"));

        Assert.That(files.Weights, Is.Not.Null);
    }

    [Test]
    public void Files_StillOpenAfterFailure_AreNone()
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("m-00001-of-00002.gguf"), "tiny", DType.F32);
        int before = MappedFiles(folder.Path);
        Measure<ModelFormatException>(folder.File("m-00002-of-00002.gguf"));

        Assert.That(before, Is.Zero);
        Assert.That(MappedFiles(folder.Path), Is.Zero);
        using (ModelDirectory.Open(folder.File("m-00001-of-00002.gguf")))
        {
            Assert.That(MappedFiles(folder.Path), OperatingSystem.IsLinux() ? Is.EqualTo(1) : Is.Zero);
        }

        Assert.That(MappedFiles(folder.Path), Is.Zero);
    }

    private static int MappedFiles(string folder) => OperatingSystem.IsLinux()
        ? File.ReadLines("/proc/self/maps").Count(line => line.Contains(folder, StringComparison.Ordinal))
        : 0;
}
