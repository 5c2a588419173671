using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;
using static LongContext.Tests.Loading.BadModel;

namespace LongContext.Tests.Loading;

/// <summary>Sharded safetensors models.</summary>
[TestFixture]
internal sealed class SafetensorsIndexTests
{
    private const string Index = "model.safetensors.index.json";

    [Test]
    public void Open_TwoShards_JoinsWhatTheIndexLists()
    {
        using TemporaryFolder folder = Shards(
            "{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\"}}");
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.Weights!.Tensors.Keys, Is.EquivalentTo(new[] { "a", "b" }), "c is in a shard, but not in the index");
        Assert.That(files.Weights.Open("a").HostSpan<float>()[0], Is.EqualTo(1f));
        Assert.That(files.Weights.Open("b").HostSpan<float>()[0], Is.EqualTo(2f), "the first shard has another b");
    }

    [TestCase("../m-1.safetensors")]
    [TestCase("/etc/m.safetensors")]
    [TestCase("sub/m-1.safetensors")]
    [TestCase("sub\\\\m-1.safetensors")]
    [TestCase("C:m-1.safetensors")]
    [TestCase("..safetensors")]
    [TestCase("m-1.safetensors\\u0000")]
    [TestCase("m\\u0000.safetensors")]
    [TestCase("m-1.bin")]
    [TestCase("")]
    public void FileName_ThatIsNotPlain_IsRefused(string name)
    {
        using TemporaryFolder folder = Shards($"{{\"weight_map\": {{\"a\": \"{name}\"}}}}");

        ExpectMalformed(folder.Path, "a", "is not the plain name", Index);
    }

    [Test]
    public void Tensor_ThatTheIndexListsButNoShardHas_IsRefused()
    {
        using TemporaryFolder folder = Shards("{\"weight_map\": {\"a\": \"m-1.safetensors\", \"x\": \"m-1.safetensors\"}}");

        ExpectMalformed(folder.Path, "x", "but it is not", Index);
    }

    [Test]
    public void Tensor_ThatIsInAnotherShard_IsRefused()
    {
        using TemporaryFolder folder = Shards("{\"weight_map\": {\"a\": \"m-2.safetensors\"}}");

        ExpectMalformed(folder.Path, "a", "but it is not", Index);
    }

    [Test]
    public void Shard_ThatIsMissing_IsRefused()
    {
        using TemporaryFolder folder = Shards("{\"weight_map\": {\"a\": \"m-3.safetensors\"}}");

        ExpectMalformed(folder.Path, "", "no such file", "m-3.safetensors");
    }

    [TestCase("[]", "")]
    [TestCase("{}", "weight_map")]
    [TestCase("{\"weight_map\": []}", "weight_map")]
    [TestCase("{\"weight_map\": {\"a\": 1}}", "a")]
    [TestCase("{\"weight_map\": {\"a\": \"m-1.safetensors\", \"a\": \"m-1.safetensors\"}}", "a")]
    [TestCase("{\"weight_map\": {}, \"weight_map\": {}}", "weight_map")]
    [TestCase("{\"weight_map\": {}} x", "")]
    [TestCase("{\"weight_map\": {\"\\ud800\": \"m-1.safetensors\"}}", "")]
    public void Index_OfAnotherForm_IsRefused(string index, string field)
    {
        using TemporaryFolder folder = Shards(index);

        ExpectMalformed(folder.Path, field, "", Index);
    }

    [Test]
    public void Index_Truncated_IsRefused()
    {
        const string Json = "{\"weight_map\": {\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\"}}";
        using TemporaryFolder folder = Shards(Json);
        for (int length = 0; length < Json.Length; length++)
        {
            folder.Write(Index, Json[..length]);
            Assert.That(() => ModelDirectory.Open(folder.Path).Dispose(), Throws.TypeOf<ModelFormatException>(), $"{length} bytes");
        }
    }

    private static TemporaryFolder Shards(string index)
    {
        TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write(Index, index);
        folder.Write("m-1.safetensors", new SafetensorsWriter().Tensor("a", DType.F32, [1], [1f]).Tensor("b", DType.F32, [1], [9f]).ToArray());
        folder.Write("m-2.safetensors", new SafetensorsWriter().Tensor("b", DType.F32, [1], [2f]).Tensor("c", DType.F32, [1], [3f]).ToArray());
        return folder;
    }
}
