using System.Text;
using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Loading;

/// <summary>Files cut off at every byte, and files with a few random faults: they open, or fail with this library's own errors.</summary>
[TestFixture]
internal sealed class DamagedFileTests
{
    private const int Mutations = 2_000;

    private static readonly byte[] Gguf = new GgufWriter()
        .String("general.architecture", "llama").UInt32("general.alignment", 32).Float32("f", 1.5).Boolean("b", true).UInt64("u", 7)
        .Strings("tokenizer.ggml.tokens", ["a", "\u00e9", "\u65e5"]).Int32s("types", [1, 2, 3]).Float32s("scores", [1f, 2f]).UInt8s("bytes", [1, 2])
        .Tensor("t", DType.Q8_0, [2, 32], new float[64]).Tensor("u", DType.F32, [3], [1f, 2f, 3f])
        .ToArray();

    private static readonly byte[] Safetensors = new SafetensorsWriter()
        .Tensor("t", DType.BF16, [2, 3], new float[6]).Tensor("u", DType.F32, [3], [1f, 2f, 3f]).Tensor("ids", "I64", [1], new byte[8])
        .ToArray();

    private const string Config = "{\"model_type\": \"llama\", \"eos_token_id\": [1, 2], \"rope_scaling\": {\"factor\": 2.0}, \"x\": null, \"y\": \"\\u00e9\"}";

    private const string Index = "{\"metadata\": {\"total_size\": 20}, \"weight_map\": {\"t\": \"m.safetensors\", \"u\": \"m.safetensors\"}}";

    [Test]
    public void Gguf_TruncatedAtEveryByte_IsRefused()
    {
        using TemporaryFolder folder = new();
        int end = Gguf.Length - 20; // the last tensor's padding may be missing
        for (int length = 0; length < Gguf.Length; length++)
        {
            string path = folder.Write("m.gguf", Gguf[..length]);
            Assert.That(
                () => ModelDirectory.Open(path).Dispose(), length < end ? Throws.TypeOf<ModelFormatException>() : Throws.Nothing, $"{length} bytes");
        }
    }

    [Test]
    public void Safetensors_TruncatedAtEveryByte_IsRefused()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        for (int length = 0; length < Safetensors.Length; length++)
        {
            folder.Write("model.safetensors", Safetensors[..length]);
            Assert.That(() => ModelDirectory.Open(folder.Path).Dispose(), Throws.TypeOf<ModelFormatException>(), $"{length} bytes");
        }
    }

    [Test]
    public void Config_TruncatedAtEveryByte_IsRefused()
    {
        using TemporaryFolder folder = new();
        for (int length = 0; length < Config.Length; length++)
        {
            folder.Write("config.json", Config[..length]);
            Assert.That(() => ModelDirectory.Open(folder.Path).Dispose(), Throws.TypeOf<ModelFormatException>(), $"{length} bytes");
        }
    }

    [Test]
    public void Gguf_Mutated_OpensOrFailsWithATypedError() => Fuzz(Gguf, 1, "m.gguf", []);

    [Test]
    public void Safetensors_Mutated_OpensOrFailsWithATypedError() => Fuzz(Safetensors, 2, "model.safetensors", [("config.json", "{}"u8.ToArray())]);

    [Test]
    public void Config_Mutated_OpensOrFailsWithATypedError() => Fuzz(Encoding.UTF8.GetBytes(Config), 3, "config.json", []);

    [Test]
    public void TokenizerConfig_Mutated_OpensOrFailsWithATypedError()
    {
        const string Json = "{\"chat_template\": [{\"name\": \"default\", \"template\": \"x\"}, {\"name\": \"b\", \"template\": \"y\\n\"}]}";
        Fuzz(Encoding.UTF8.GetBytes(Json), 4, "tokenizer_config.json", [("config.json", "{}"u8.ToArray())]);
    }

    [Test]
    public void Index_Mutated_OpensOrFailsWithATypedError() =>
        Fuzz(Encoding.UTF8.GetBytes(Index), 5, SafetensorsIndex.FileName, [("config.json", "{}"u8.ToArray()), ("m.safetensors", Safetensors)]);

    private static void Fuzz(byte[] original, int seed, string name, (string Name, byte[] Content)[] others)
    {
        using TemporaryFolder folder = new();
        foreach ((string other, byte[] content) in others)
        {
            folder.Write(other, content);
        }

        Mutator mutator = new(seed);
        int opened = 0, refused = 0;
        for (int i = 0; i < Mutations; i++)
        {
            byte[] bytes = mutator.Mutate(original);
            folder.Write(name, bytes);
            try
            {
                using ModelFiles files = ModelDirectory.Open(folder.Path);
                ReadEverything(files);
                opened++;
            }
            catch (LongContextException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Mutation {i}: {e}\n{Convert.ToBase64String(bytes)}");
            }
        }

        TestContext.Out.WriteLine($"{opened} opened, {refused} refused");
        Assert.That(refused, Is.GreaterThan(Mutations / 10), "the mutations find the checks");
        Assert.That(opened, Is.GreaterThan(Mutations / 100), "and not only the first of them");
    }

    private static unsafe void ReadEverything(ModelFiles files)
    {
        long sum = 0;
        foreach (string name in files.Weights?.Tensors.Keys ?? [])
        {
            Tensor tensor = files.Weights!.Open(name);
            for (long i = 0; i < tensor.ByteCount; i++)
            {
                sum += tensor.HostPointer[i];
            }

            files.Weights.Release(name);
        }

        foreach (string key in files.Gguf?.Keys ?? [])
        {
            sum += files.Gguf!.GetValue(key) is null ? 1 : 0;
        }

        if (files.Config is { } config)
        {
            foreach (System.Text.Json.JsonProperty property in config.Root.EnumerateObject())
            {
                _ = property.Value.ValueKind == System.Text.Json.JsonValueKind.String ? config.GetString(property.Name) : null;
            }
        }

        Assert.That(sum, Is.GreaterThanOrEqualTo(0));
    }
}
