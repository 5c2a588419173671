using System.Text.Json;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>A session over a real trained language model, from both formats.</summary>
[TestFixture]
[CancelAfter(240_000)]
internal sealed class StoriesTests
{
    private const string Folder = "models/stories260K";
    private const string Gguf = "models/stories260K/stories260K-f32.gguf";

    private static GenerationOptions Options(int maxNewTokens) => new() { MaxNewTokens = maxNewTokens, EndOfSequence = EndOfSequenceHandling.Ignore };

    [TestCase(Folder)]
    [TestCase(Gguf)]
    public async Task Generate_FromTheBeginning_TellsTheRecordedStory(string model)
    {
        (int[] ids, string text) = Golden();
        await using InferenceSession session = Open(model);
        List<GenerationUpdate> updates = await session.StreamAsync(Prompt.FromTokens(ids[..1]), Options(255)).ToListAsync();
        Assert.Multiple(() =>
        {
            Assert.That(updates.SelectMany(u => u.TokenIds), Is.EqualTo(ids[1..]));
            Assert.That(string.Concat(updates.Select(u => u.Text)).Trim(), Is.EqualTo(text.Trim()));
            Assert.That(updates[^1].Usage!.PromptTokens, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Generate_WithAnyChunkSizeAndConcurrency_GivesTheSameTokens(
        [Values(1, 7, 64, 512)] int chunk, [Values(1, 2, 8)] int concurrent)
    {
        (int[] ids, _) = Golden();
        await using InferenceSession session = Open(Folder, b => b.UseChunkSize(chunk).UseMaxConcurrentRequests(concurrent));
        int[] lengths = [1, 2, 33, 64, 65, 100, 129, 200];
        GenerationResult[] results = await Task.WhenAll(lengths.Select(n => session.GenerateAsync(Prompt.FromTokens(ids[..n]), Options(40))));
        Assert.That(results.Select(r => r.TokenIds), Is.EqualTo(lengths.Select(n => ids[n..(n + 40)])));
    }

    [Test]
    public async Task Generate_WithPreemptions_GivesTheSameTokens()
    {
        (int[] ids, _) = Golden();
        await using InferenceSession session = Open(Folder, b => b.UseContextLength(256));
        int[] lengths = [.. Enumerable.Range(0, 12).Select(i => 20 + (i * 3))];
        GenerationResult[] results = await Task.WhenAll(lengths.Select(n => session.GenerateAsync(Prompt.FromTokens(ids[..n]), Options(150))));
        Assert.That(results.Select(r => r.TokenIds), Is.EqualTo(lengths.Select(n => ids[n..(n + 150)])));
    }

    [TestCase(Folder)]
    [TestCase(Gguf)]
    public async Task Generate_WithAStopSequence_EndsBeforeIt(string model)
    {
        await using InferenceSession session = Open(model);
        GenerationResult result = await session.GenerateAsync("Once upon a time", new GenerationOptions { MaxNewTokens = 100, StopSequences = ["outside", "zzz"] });
        Assert.Multiple(() =>
        {
            Assert.That(result.FinishReason, Is.EqualTo(FinishReason.StopSequence));
            Assert.That(result.Text, Is.EqualTo(", there was a little girl named Lily. She loved to play "));
        });
    }

    [Test]
    public async Task GenerateAgain_TakesThePromptFromTheCache_AndSaysTheSame()
    {
        (int[] ids, _) = Golden();
        await using InferenceSession session = Open(Folder);
        GenerationResult first = await session.GenerateAsync(Prompt.FromTokens(ids[..200]), Options(20));
        GenerationResult second = await session.GenerateAsync(Prompt.FromTokens(ids[..200]), Options(20));
        Assert.Multiple(() =>
        {
            Assert.That(first.Usage.CachedTokens, Is.Zero);
            Assert.That(second.Usage.CachedTokens, Is.EqualTo(192));
            Assert.That(second.TokenIds, Is.EqualTo(first.TokenIds));
            Assert.That(second.TokenIds, Is.EqualTo(ids[200..220]));
        });
    }

    [Test]
    public async Task CountTokens_OfTheStory_IsTheRecordedNumber()
    {
        (int[] ids, string text) = Golden();
        await using InferenceSession session = Open(Folder);
        Assert.That(session.CountTokens(text.TrimStart()), Is.EqualTo(ids.Length));
    }

    [Test]
    public async Task Chat_WithAModelThatHasNoTemplate_SaysSo()
    {
        await using InferenceSession session = Open(Folder);
        Assert.That(() => session.StreamChatAsync([ChatMessage.User("Hi")]), Throws.TypeOf<ChatTemplateException>());
    }

    [Test]
    public async Task Cancel_InsideAPrefill_EndsItAndLeavesTheSessionUsable()
    {
        (int[] ids, _) = Golden();
        await using InferenceSession session = Open(Folder, b => b.UseChunkSize(1));
        using CancellationTokenSource source = new();
        int last = 0;
        GenerationOptions options = Options(100) with
        {
            PrefillProgress = new DirectProgress<PrefillProgress>(p =>
            {
                last = p.TokensDone;
                if (last == 10)
                {
                    source.Cancel();
                }
            }),
        };
        Assert.That(async () => await session.GenerateAsync(Prompt.FromTokens(ids), options, source.Token), Throws.InstanceOf<OperationCanceledException>());
        GenerationResult after = await session.GenerateAsync(Prompt.FromTokens(ids[..50]), Options(10));
        Assert.Multiple(() =>
        {
            Assert.That(last, Is.EqualTo(10));
            Assert.That(after.TokenIds, Is.EqualTo(ids[50..60]));
        });
    }

    private static (int[] Ids, string Text) Golden()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("models/stories260K/golden.json")));
        return ([.. golden.RootElement.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())], golden.RootElement.GetProperty("text").GetString()!);
    }

    private static InferenceSession Open(string model, Func<InferenceSessionBuilder, InferenceSessionBuilder>? configure = null)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseModel(SharedData.Require(model)).UseKVCacheType(KVCacheType.Float32).UsePrecision(ModelPrecision.Float32).UseCpu();
        return (configure?.Invoke(builder) ?? builder).Build();
    }
}
