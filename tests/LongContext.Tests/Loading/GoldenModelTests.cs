using System.Diagnostics;
using System.Security.Cryptography;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Loading;

/// <summary>The random models are those of the reference data's gen_model.py: the hashes (SHA-256, first 8 bytes) are of its files, seed 1.</summary>
[TestFixture]
internal sealed class GoldenModelTests
{
    [TestCase("tiny", DType.F32, "faa24fb25ba58e02")]
    [TestCase("tiny", DType.F16, "3d033aceb8246dce")]
    [TestCase("tiny", DType.BF16, "5fa969e232bf3966")]
    [TestCase("tiny", DType.Q8_0, "f64354cfd8ae49b1")]
    [TestCase("tiny", DType.Q4_0, "7a19d657de0c4f86")]
    [TestCase("tiny-tied", DType.F32, "63bd32d648f9a0c2")]
    [TestCase("tiny-tied", DType.F16, "7783bb15f63bcd5a")]
    [TestCase("tiny-tied", DType.BF16, "a0095e919cbd11ee")]
    [TestCase("tiny-tied", DType.Q8_0, "eb871219c8bc2b3a")]
    [TestCase("tiny-tied", DType.Q4_0, "25b0b2a5ddaa126c")]
    [TestCase("tiny-llama3", DType.F32, "b4adc4de5e9aad93")]
    [TestCase("tiny-llama3", DType.F16, "ad88f8054407f9f2")]
    [TestCase("tiny-llama3", DType.BF16, "9b52faeba1719c11")]
    [TestCase("tiny-llama3", DType.Q8_0, "ae9deb5e1effb9ef")]
    [TestCase("tiny-llama3", DType.Q4_0, "dac45070177ace07")]
    [TestCase("tiny-qwen2", DType.F32, "8caa40d36e69bedc")]
    [TestCase("tiny-qwen2", DType.F16, "ee7acfa461fd9538")]
    [TestCase("tiny-qwen2", DType.BF16, "71123d1ec48eb1f8")]
    [TestCase("tiny-qwen2", DType.Q8_0, "2566f70bcc37c658")]
    [TestCase("tiny-qwen2", DType.Q4_0, "2399d610d9187888")]
    [TestCase("tiny-qwen3", DType.F32, "4d106aad612bf427")]
    [TestCase("tiny-qwen3", DType.F16, "36f10dd38646eab3")]
    [TestCase("tiny-qwen3", DType.BF16, "11e3889d946f13a6")]
    [TestCase("tiny-qwen3", DType.Q8_0, "4d0cfd55c11965f7")]
    [TestCase("tiny-qwen3", DType.Q4_0, "1642303d3f921ef6")]
    public void WriteGguf_AnyShapeAndType_IsTheReferenceScriptsFile(string shape, DType type, string hash)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("model.gguf"), shape, type);

        Assert.That(HashOf(folder.File("model.gguf")), Is.EqualTo(hash));
    }

    [TestCase("tiny", DType.F32, "084d1145674e7461", "1f4512b802bf531c", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny", DType.F16, "a1376c1e6bb686d8", "05b414ddff8761fa", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny", DType.BF16, "dee3f49366f72d82", "024f9d67e79e7db5", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-tied", DType.F32, "e9e6023cf6c221d8", "7d93b15e5a3cbb20", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-tied", DType.F16, "64997e5c62714eaf", "74d86920d8848b83", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-tied", DType.BF16, "8b03cd0641884f80", "3cb55497bd876922", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-llama3", DType.F32, "65781a5a6f1b6035", "e31a13f9b4ed6f05", "29140392f6626b65", "3ecd556cd472342e")]
    [TestCase("tiny-llama3", DType.F16, "b8039888d8aee568", "667f28e652f6ba14", "29140392f6626b65", "3ecd556cd472342e")]
    [TestCase("tiny-llama3", DType.BF16, "04b1789182208ab6", "20c9ff60b7ea8550", "29140392f6626b65", "3ecd556cd472342e")]
    [TestCase("tiny-qwen2", DType.F32, "4984cb7118b01acf", "edcee0f093c9f78a", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-qwen2", DType.F16, "230b4c88cfa67e26", "66967a713bcdfae5", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-qwen2", DType.BF16, "6d0e1a84d651022e", "59c954cb7abdce6c", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-qwen3", DType.F32, "2326173721fb50cc", "5cfac337bc84f22e", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-qwen3", DType.F16, "63ff7baa69ab80ba", "ed13fc1ce5af50fa", "7ae0dd3475002802", "83ce9a744c505423")]
    [TestCase("tiny-qwen3", DType.BF16, "f6dd7bddb7328acb", "d447ac507ab711ef", "7ae0dd3475002802", "83ce9a744c505423")]
    public void WriteFolder_AnyShapeAndType_IsTheReferenceScriptsFolder(
        string shape, DType type, string weights, string config, string tokenizer, string tokenizerConfig)
    {
        using TemporaryFolder folder = new();
        GoldenModel.WriteFolder(folder.Path, shape, type);

        Assert.That(HashOf(folder.File("config.json")), Is.EqualTo(config));
        Assert.That(HashOf(folder.File("tokenizer.json")), Is.EqualTo(tokenizer));
        Assert.That(HashOf(folder.File("tokenizer_config.json")), Is.EqualTo(tokenizerConfig));
        Assert.That(HashOf(folder.File("model.safetensors")), Is.EqualTo(weights));
    }

    /// <summary>Also how to get a large model onto the disk: LONGCONTEXT_GOLDEN_OUT keeps the file there.</summary>
    [Explicit("Writes 1.3 GB")]
    [TestCase("llama3.2-1b", DType.Q8_0)]
    public void WriteGguf_LargeShape_IsQuickAndItsHeaderOpensWithinASecond(string shape, DType type)
    {
        using TemporaryFolder folder = new();
        string path = Environment.GetEnvironmentVariable("LONGCONTEXT_GOLDEN_OUT") ?? folder.File("model.gguf");
        long start = Stopwatch.GetTimestamp();
        GoldenModel.WriteGguf(path, shape, type);
        TimeSpan written = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        using ModelFiles files = ModelDirectory.Open(path);
        TimeSpan opened = Stopwatch.GetElapsedTime(start);

        TestContext.Out.WriteLine($"{new FileInfo(path).Length} bytes, written in {written.TotalSeconds:F1} s, opened in {opened.TotalMilliseconds:F0} ms");
        Assert.That(opened, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..16];
}
