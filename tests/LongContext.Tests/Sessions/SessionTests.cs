using System.Collections.Concurrent;
using LongContext.Engine;
using LongContext.Tests.Engine;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>What a session promises to its callers, with a model whose right answer is known.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class SessionTests
{
    private static readonly LetterTokenizer Tokenizer = new();

    [Test]
    public async Task StreamAsync_GivesTheReferencesTextPieceByPiece()
    {
        HashSession rig = new();
        await using InferenceSession session = rig.Session;
        List<GenerationUpdate> updates = await session.StreamAsync("hello", Options(30)).ToListAsync();
        List<int> expected = Reference("hello", 30);
        Assert.Multiple(() =>
        {
            Assert.That(updates.SelectMany(u => u.TokenIds), Is.EqualTo(expected));
            Assert.That(string.Concat(updates.Select(u => u.Text)), Is.EqualTo(Tokenizer.Decode(expected, DecodeOptions.SkipSpecialTokens)));
            Assert.That(updates.SkipLast(1).All(u => u.FinishReason is null && u.Usage is null), Is.True);
            Assert.That(updates[^1].Usage!.PromptTokens, Is.EqualTo(6)); // with the beginning-of-sequence token
            Assert.That(updates[^1].Usage!.TotalTime, Is.GreaterThanOrEqualTo(updates[^1].Usage!.TimeToFirstToken));
        });
    }

    [Test]
    public async Task GenerateAsync_ConcurrentCallsFromManyThreads_AllGetTheirOwnAnswers()
    {
        HashSession rig = new(concurrent: 4);
        await using InferenceSession session = rig.Session;
        string[] prompts = [.. Enumerable.Range(0, 32).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 3)))];
        GenerationResult[] results = await Task.WhenAll(prompts.Select(p => Task.Run(() => session.GenerateAsync(p, Options(20)))));
        Assert.That(results.Select(r => r.TokenIds), Is.EqualTo(prompts.Select(p => Reference(p, 20))));
        Assert.That(rig.AllPagesComeBack(), Is.True);
    }

    [TestCase(false)] // the token given to StreamAsync
    [TestCase(true)]  // the one given to the enumeration
    public async Task Cancel_ThrowsWithTheCallersOwnToken(bool ofEnumeration)
    {
        HashSession rig = new(chunk: 8);
        await using InferenceSession session = rig.Session;
        using CancellationTokenSource source = new();
        using CancellationTokenSource other = new();
        rig.Runner.BeforeRun = _ => source.Cancel();
        IAsyncEnumerable<GenerationUpdate> stream = session.StreamAsync(
            new string('a', 300), Options(10), ofEnumeration ? other.Token : source.Token);

        OperationCanceledException error = Assert.CatchAsync<OperationCanceledException>(
            async () => await stream.ToListAsync(ofEnumeration ? source.Token : other.Token))!;

        Assert.That(error.CancellationToken, Is.EqualTo(source.Token));
    }

    [Test]
    public async Task Cancel_InsideAPrefill_TakesEffectWithinOneChunk()
    {
        HashSession rig = new(chunk: 8);
        await using InferenceSession session = rig.Session;
        using CancellationTokenSource source = new();
        int runs = 0;
        rig.Runner.BeforeRun = _ =>
        {
            if (Interlocked.Increment(ref runs) == 3)
            {
                source.Cancel(); // in the middle of a step
            }
        };
        Assert.That(
            async () => await session.GenerateAsync(new string('a', 300), Options(10), source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(rig.AllPagesComeBack(), Is.True);
        Assert.That(runs, Is.EqualTo(3));
    }

    [Test]
    public void Cancel_BeforeTheStart_SubmitsNothing()
    {
        HashSession rig = new();
        using InferenceSession session = rig.Session;
        int runs = 0;
        rig.Runner.BeforeRun = _ => runs++;
        Assert.That(
            async () => await session.GenerateAsync("abc", Options(10), new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(runs, Is.Zero);
    }

    [Test]
    public async Task Enumerator_AbandonedEarly_CancelsItsRequest()
    {
        HashSession rig = new();
        await using InferenceSession session = rig.Session;
        await foreach (GenerationUpdate update in session.StreamAsync("abc", Options(300, EndOfSequenceHandling.Ignore)))
        {
            Assert.That(update.TokenIds, Has.Count.EqualTo(1));
            break;
        }

        Assert.That(rig.AllPagesComeBack(), Is.True);
    }

    [Test]
    public async Task Consumer_ThatPausesAndReadsAgain_LosesNothingAndStopsNobody()
    {
        HashSession rig = new();
        await using InferenceSession session = rig.Session;
        List<int> lazy = [];
        await foreach (GenerationUpdate update in session.StreamAsync("abc", Options(300, EndOfSequenceHandling.Ignore)))
        {
            if (lazy.Count == 0)
            {
                GenerationResult other = await session.GenerateAsync("xyz", Options(200)); // runs while nobody reads the first
                Assert.That(other.TokenIds, Is.EqualTo(Reference("xyz", 200)));
            }

            lazy.AddRange(update.TokenIds);
        }

        Assert.That(lazy, Has.Count.EqualTo(300));
        List<int> known = Reference("abc", 300); // up to an end-of-sequence token, which is ignored here
        Assert.That(lazy[..known.Count], Is.EqualTo(known));
    }

    [Test]
    public void Dispose_UnderLoad_EndsEveryRequestAndTheThread()
    {
        HashSession rig = new(concurrent: 3);
        using CountdownEvent started = new(1);
        string? thread = null;
        rig.Runner.BeforeRun = _ =>
        {
            thread = Thread.CurrentThread.Name;
            if (!started.IsSet)
            {
                started.Signal();
            }

            Thread.Sleep(1);
        };
        Task<GenerationResult>[] tasks = [.. Enumerable.Range(0, 12).Select(i => rig.Session.GenerateAsync(new string('b', 100 + i), Options(250, EndOfSequenceHandling.Ignore)))];
        started.Wait();
        rig.Session.Dispose();
        foreach (Task<GenerationResult> task in tasks)
        {
            Assert.That(async () => await task, Throws.TypeOf<ObjectDisposedException>());
        }

        Assert.Multiple(() =>
        {
            Assert.That(thread, Is.EqualTo(InferenceEngine.ThreadName));
            Assert.That(rig.Runner.IsDisposed, Is.True);
            Assert.That(() => rig.Session.StreamAsync("a"), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => rig.Session.Dispose(), Throws.Nothing);
        });
    }

    [Test]
    public async Task Dispose_FromACallbackOnTheEnginesThread_DoesNotHang()
    {
        HashSession rig = new();
        GenerationOptions options = new() { MaxNewTokens = 5, PrefillProgress = new DirectProgress<PrefillProgress>(_ => rig.Session.Dispose()) };
        Assert.That(async () => await rig.Session.GenerateAsync(new string('a', 100), options), Throws.TypeOf<ObjectDisposedException>());
        await rig.Session.DisposeAsync();
        Assert.That(rig.Runner.IsDisposed, Is.True);
    }

    [Test]
    public async Task Runner_ThatThrows_FaultsRunningAndLaterRequests()
    {
        HashSession rig = new();
        await using InferenceSession session = rig.Session;
        rig.Runner.BeforeRun = _ => throw new ArithmeticException("broken");
        Assert.That(async () => await session.GenerateAsync("a"), Throws.TypeOf<EngineFaultedException>().With.InnerException.TypeOf<ArithmeticException>());
        Assert.That(async () => await session.GenerateAsync("a"), Throws.TypeOf<EngineFaultedException>());
    }

    [Test]
    public async Task Requests_ThatAreWrong_FailWithWhatIsWrong()
    {
        HashSession rig = new(contextLength: 50);
        await using InferenceSession session = rig.Session;
        ContextLengthExceededException tooLong = Assert.ThrowsAsync<ContextLengthExceededException>(async () => await session.GenerateAsync(new string('a', 40), Options(10)))!;
        Assert.Multiple(() =>
        {
            Assert.That((tooLong.PromptTokens, tooLong.MaxNewTokens, tooLong.ContextLength), Is.EqualTo((41, 10, 50)));
            Assert.That(async () => await session.GenerateAsync(new string('a', 39), Options(10)), Throws.Nothing);
            Assert.That(async () => await session.GenerateAsync(Prompt.FromTokens([]), Options(1)), Throws.TypeOf<InvalidRequestException>());
            Assert.That(async () => await session.GenerateAsync("", Options(1)), Throws.TypeOf<InvalidRequestException>());
            Assert.That(async () => await session.GenerateAsync(Prompt.FromTokens([3, 40]), Options(1)), Throws.TypeOf<InvalidRequestException>().With.Message.Contains("40"));
            Assert.That(async () => await session.GenerateAsync(Prompt.FromTokens([-1]), Options(1)), Throws.TypeOf<InvalidRequestException>());
            Assert.That(async () => await session.GenerateAsync("a", Options(0)), Throws.TypeOf<InvalidRequestException>());
            Assert.That(async () => await session.ComputeLogitsAsync(new string('a', 50)), Throws.TypeOf<ContextLengthExceededException>());
            Assert.That(() => session.RenderChat([]), Throws.TypeOf<ChatTemplateException>(), "the model has no template");
            Assert.That(() => session.EstimateMemory(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public async Task Overload_RefusesTheExcess_AndServesTheRest()
    {
        HashSession rig = new(concurrent: 2, queued: 2);
        await using InferenceSession session = rig.Session;
        using ManualResetEventSlim go = new();
        rig.Runner.BeforeRun = _ => go.Wait();
        ConcurrentBag<Task<GenerationResult>> accepted = [.. Enumerable.Range(0, 4).Select(_ => session.GenerateAsync("abc", Options(5)))];
        Assert.That(async () => await session.GenerateAsync("abc", Options(5)), Throws.TypeOf<SessionOverloadedException>());
        go.Set();
        GenerationResult[] results = await Task.WhenAll(accepted);
        Assert.That(results.Select(r => r.TokenIds), Is.All.EqualTo(Reference("abc", 5)));
    }

    [Test]
    public async Task CountTokens_AddsSpecialTokensToATextContext_AndToNothingElse()
    {
        HashSession rig = new();
        await using InferenceSession session = rig.Session;
        Assert.Multiple(() =>
        {
            Assert.That(session.CountTokens("abc"), Is.EqualTo(4));
            Assert.That(session.CountTokens(new Prompt("abc", "de")), Is.EqualTo(6));
            Assert.That(session.CountTokens(new Prompt(PromptPart.FromTokens([5, 6]), PromptPart.FromText("de"))), Is.EqualTo(4));
            Assert.That(session.CountTokens(Prompt.FromTokens([5, 6])), Is.EqualTo(2));
        });
    }

    [Test]
    public async Task Chat_EncodesTheRenderedConversationWithTheTemplatesOwnSpecialTokensOnly()
    {
        HashSession rig = new(renderChat: messages => "^" + string.Concat(messages.Select(m => m.Content)) + "$");
        await using InferenceSession session = rig.Session;
        ChatMessage[] messages = [ChatMessage.System("abc"), ChatMessage.User("def")];
        GenerationResult result = await session.GenerateChatAsync(messages, Options(9));
        Assert.Multiple(() =>
        {
            Assert.That(session.RenderChat(messages).Context.Text, Is.EqualTo("^abcdef$"));
            Assert.That(session.CountTokens(session.RenderChat(messages)), Is.EqualTo(8));
            Assert.That(result.TokenIds, Is.EqualTo(HashModel.Generate([.. Tokenizer.Encode("^abcdef$", EncodeOptions.None)], 9)));
            Assert.That(() => session.RenderChat([]), Throws.TypeOf<InvalidRequestException>());
        });
    }

    [Test]
    public async Task ComputeLogitsAsync_GivesOneRowForEachPosition()
    {
        HashSession rig = new();
        await using InferenceSession session = rig.Session;
        int[] ids = [.. Enumerable.Range(2, 30)];
        IReadOnlyList<float[]> all = await session.ComputeLogitsAsync(Prompt.FromTokens(ids), LogitPositions.All);
        IReadOnlyList<float[]> last = await session.ComputeLogitsAsync(Prompt.FromTokens(ids));
        Assert.Multiple(() =>
        {
            Assert.That(all, Is.EqualTo(Enumerable.Range(1, 30).Select(n => HashModel.LogitsAfter(ids[..n]))));
            Assert.That(last.Single(), Is.EqualTo(all[^1]));
        });
    }

    private static GenerationOptions Options(int maxNewTokens, EndOfSequenceHandling end = EndOfSequenceHandling.Stop) =>
        new() { MaxNewTokens = maxNewTokens, EndOfSequence = end };

    private static List<int> Reference(string text, int maxNewTokens) =>
        HashModel.Generate([.. Tokenizer.Encode(text, EncodeOptions.AddSpecialTokens)], maxNewTokens);
}
