using System.Text.Json;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Cli.Tests;

[TestFixture]
internal sealed class InspectTests
{
    private const int Weights = 705_408; // samples/Quickstart/model/README.md

    [TestCase("bf16", 2)]
    [TestCase("f32", 4)]
    public void Folder_ShowsWhatItsConfigurationSays_AndWhatTheContextNeeds(string kv, int bytesPerElement)
    {
        JsonElement json = Cli.Run("inspect", Cli.Model, "--context", "8192", "--kv", kv, "--json").Json;

        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(Cli.Model, "config.json")));
        (string Ours, string Theirs)[] same =
        [
            ("layers", "num_hidden_layers"), ("hiddenSize", "hidden_size"), ("qHeads", "num_attention_heads"), ("kvHeads", "num_key_value_heads"),
            ("headDim", "head_dim"), ("vocabularySize", "vocab_size"), ("maxContextLength", "max_position_embeddings"),
        ];
        Assert.That(json.GetProperty("architecture").GetString(), Is.EqualTo("llama"));
        foreach ((string ours, string theirs) in same)
        {
            Assert.That(json.GetProperty(ours).GetInt32(), Is.EqualTo(config.RootElement.GetProperty(theirs).GetInt32()), ours);
        }

        Assert.That(json.GetProperty("parameterCount").GetInt64(), Is.EqualTo(Weights));
        Assert.That(json.GetProperty("weightBytes").GetInt64(), Is.EqualTo(2 * Weights));
        JsonElement memory = json.GetProperty("memoryEstimate");
        Assert.That(memory.GetProperty("contextLength").GetInt32(), Is.EqualTo(8192));
        long bytesPerToken = 3 * 2 * 2 * 32 * bytesPerElement; // 3 layers, keys and values, 2 heads of 32
        Assert.That(memory.GetProperty("kvCacheBytes").GetInt64(), Is.InRange(8192 * bytesPerToken, (8192 + 128) * bytesPerToken), "whole pages");
        Assert.That(memory.GetProperty("activationBytes").GetInt64(), Is.Positive);
        Assert.That(
            memory.GetProperty("totalBytes").GetInt64(),
            Is.EqualTo(new[] { "weightBytes", "kvCacheBytes", "activationBytes" }.Sum(name => memory.GetProperty(name).GetInt64())));
    }

    [Test]
    public void Gguf_ShowsTheSameModel()
    {
        string gguf = SharedData.Require("models/needle-3l/needle-3l-f16.gguf");

        JsonElement json = Cli.Run("inspect", gguf, "--json").Json;

        Assert.That(json.GetProperty("architecture").GetString(), Is.EqualTo("llama"));
        Assert.That(json.GetProperty("parameterCount").GetInt64(), Is.EqualTo(Weights));
        Assert.That(json.GetProperty("layers").GetInt32(), Is.EqualTo(3));
    }

    [Test]
    public void FolderOfLinks_AsDownloadCachesAre_IsReadOnlyWithALinkRoot()
    {
        using TemporaryFolder cache = new();
        string blobs = Directory.CreateDirectory(Path.Combine(cache.Path, "blobs")).FullName;
        string snapshot = Directory.CreateDirectory(Path.Combine(cache.Path, "snapshots", "main")).FullName;
        foreach (string file in Directory.GetFiles(Cli.Model))
        {
            File.Copy(file, Path.Combine(blobs, Path.GetFileName(file)));
            File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(file)), $"../../blobs/{Path.GetFileName(file)}");
        }

        CliResult refused = Cli.Run("inspect", snapshot);
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Errors, Does.Contain("outside of the model's folder"));
        Assert.That(Cli.Run("inspect", snapshot, "--link-root", cache.Path, "--json").Json.GetProperty("parameterCount").GetInt64(), Is.EqualTo(Weights));
        Assert.That(Cli.Run("tokenize", snapshot, "--link-root", cache.Path, "--text", "a").ExitCode, Is.Zero);
    }

    [Test]
    public void WithoutJson_ReadsAsText()
    {
        CliResult result = Cli.Run("inspect", Cli.Model);

        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.Output, Does.Contain("llama").And.Contain("705,408"));
    }

    [Test]
    public void TruncatedWeights_AreBadInput()
    {
        using TemporaryFolder folder = new();
        string model = folder.CopyModel();
        using (FileStream weights = new(Path.Combine(model, "model.safetensors"), FileMode.Open))
        {
            weights.SetLength(weights.Length - 1);
        }

        CliResult result = Cli.Run("inspect", model);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("model.safetensors"));
    }

    [Test]
    public void UnknownArchitecture_IsNamed_AndIsBadInput()
    {
        using TemporaryFolder folder = new();
        string model = folder.CopyModel();
        string config = Path.Combine(model, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("LlamaForCausalLM", "MambaForCausalLM").Replace("\"llama\"", "\"mamba\""));

        CliResult result = Cli.Run("inspect", model);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("amba"));
    }
}
