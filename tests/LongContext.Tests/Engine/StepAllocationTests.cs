using LongContext.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LongContext.Tests.Engine;

/// <summary>What a decode step allocates on the engine's thread: nothing, but for updates that were never made before.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class StepAllocationTests
{
    private const int NewTokens = 150; // more than two pages

    /// <summary>Every part of a step: greedy, sampled and cut, penalised, biased, with stop sequences.</summary>
    private static readonly GenerationOptions[] Kinds =
    [
        Options(new SamplingOptions()),
        Options(new SamplingOptions { Temperature = 0.9f, TopK = 40, TopP = 0.95f, MinP = 0.01f, Seed = 7 }),
        Options(new SamplingOptions { RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, PresencePenalty = 0.1f }),
        Options(new SamplingOptions { Temperature = 1, Seed = 3, LogitBias = new Dictionary<int, float> { [5] = -1 } }),
        Options(new SamplingOptions()) with { StopSequences = ["\u0001never", "\u0002"], StopTokenIds = [0] },
    ];

    [Test]
    public void Step_DecodingTokensSeenBefore_AllocatesNothing(
        [Values] ModelPrecision precision, [Values(1, 2)] int threads, [Values(1, 5)] int concurrent)
    {
        using StoriesRig rig = new(threads, precision);
        _ = DecodeSteps(rig, Kinds[..concurrent]); // compiles, grows lists, sees the tokens
        long[] first = [.. DecodeSteps(rig, Kinds[..concurrent]).Select(s => s.Bytes)];
        long[] again = [.. DecodeSteps(rig, Kinds[..concurrent]).Select(s => s.Bytes)];
        Assert.That(first, Has.Length.GreaterThan(NewTokens - 10));
        Assert.That(again, Has.Length.EqualTo(first.Length));
        Assert.That(first.Zip(again, Math.Min), Is.All.Zero, "what a step allocates, it allocates both times: Allocations says what else is counted");
    }

    [Test]
    public void Step_DecodingNewTokens_AllocatesTheirTextAndUpdateOnce()
    {
        (long Bytes, int NewTokens)[] first = NewTokensOfAFreshRig(), again = NewTokensOfAFreshRig();
        Assert.That(again.Select(s => s.NewTokens), Is.EqualTo(first.Select(s => s.NewTokens)));
        (long Bytes, int NewTokens)[] steps = [.. first.Zip(again, (x, y) => (Math.Min(x.Bytes, y.Bytes), x.NewTokens))]; // Allocations says why
        Assert.Multiple(() =>
        {
            Assert.That(steps.Sum(s => s.NewTokens), Is.GreaterThan(50), "or nothing is tried");

            // A sampler not used before: the runtime sets up a thing of its own in one step now and then.
            Assert.That(steps.Count(s => s.NewTokens == 0 && s.Bytes > 0), Is.LessThanOrEqualTo(1));
            Assert.That(steps.Count(s => s.Bytes > 200 * s.NewTokens), Is.LessThanOrEqualTo(1), "an update, its list and two texts");
        });
    }

    [Test]
    public async Task EngineThread_WithConsumersThatWait_AllocatesNothingInDecodeSteps()
    {
        const int consumers = 4;
        StoriesRig rig = new(threads: 2, ModelPrecision.Auto);
        await using InferenceEngine engine = new(rig.Loop, rig.Runner, NullLogger.Instance); // owns the runner from here
        for (int round = 0; round < 4; round++)
        {
            rig.Runner.Clear();
            int[] story = StoriesRig.Story();
            await Task.WhenAll(Enumerable.Range(0, consumers).Select(_ => Consume(rig.Request(story.AsSpan(0, 20), Kinds[0]))));
        }

        long[] bytes = [.. rig.Runner.BytesBetweenRuns(consumers)];
        TestContext.Out.WriteLine($"{bytes.Length} steps, {bytes.Sum()} bytes");
        Assert.That(bytes, Has.Length.GreaterThan(NewTokens / 2));

        // Nothing of ours; waking a consumer puts it into the thread pool's queue, which now and then grows.
        Assert.That(bytes.Count(b => b > 0), Is.LessThanOrEqualTo(bytes.Length / 10), string.Join(' ', bytes));

        async Task Consume(GenerationRequest request)
        {
            engine.Submit(request);
            await foreach (GenerationUpdate update in request.Updates.ReadAllAsync())
            {
                Assert.That(update.TokenIds, Has.Count.EqualTo(1));
                if (request.IsPaused)
                {
                    engine.Wake(); // this consumer was behind: without it the request would wait for ever
                }
            }
        }
    }

    private List<int> DecodedTokens { get; } = [];

    private static GenerationOptions Options(SamplingOptions sampling) =>
        new() { Sampling = sampling, MaxNewTokens = NewTokens, EndOfSequence = EndOfSequenceHandling.Ignore };

    /// <summary>Steps of three requests that draw tokens most of which a first, greedy round did not give.</summary>
    private (long Bytes, int NewTokens)[] NewTokensOfAFreshRig()
    {
        using StoriesRig rig = new(threads: 1, ModelPrecision.Auto);
        _ = DecodeSteps(rig, [Kinds[0], Kinds[0], Kinds[0]]);
        HashSet<int> seen = [.. DecodedTokens];
        GenerationOptions[] others = [.. Enumerable.Range(0, 3).Select(i => Options(new SamplingOptions { Temperature = 1.5f, Seed = 10ul + (ulong)i }))];
        return [.. DecodeSteps(rig, others, seen)];
    }

    /// <summary>Runs the requests to their end; for each step that only decodes, but the last, its bytes and how many of its tokens are new to <paramref name="seen"/>.</summary>
    private List<(long Bytes, int NewTokens)> DecodeSteps(StoriesRig rig, GenerationOptions[] kinds, HashSet<int>? seen = null)
    {
        int[] story = StoriesRig.Story();
        GenerationRequest[] requests = [.. kinds.Select(k => rig.Request(story.AsSpan(0, 20), k))];
        Array.ForEach(requests, rig.Loop.Submit);
        List<(long Bytes, int NewTokens)> steps = [];
        DecodedTokens.Clear();
        for (bool ended = false; !ended;)
        {
            bool decodes = requests.All(r => r.Sequence.PendingTokens == 1 && r.Sequence.ComputedTokens > 0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            rig.Loop.Step();
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            int unseen = 0;
            foreach (GenerationRequest request in requests)
            {
                while (request.Updates.TryRead(out GenerationUpdate? update))
                {
                    ended |= update.FinishReason is not null;
                    if (decodes && update.FinishReason is null) // a request's first update and its last are its own
                    {
                        DecodedTokens.Add(update.TokenIds[0]);
                        unseen += seen?.Add(update.TokenIds[0]) == true ? 1 : 0;
                    }
                }
            }

            if (decodes)
            {
                steps.Add((bytes, unseen));
            }
        }

        while (rig.Loop.Step())
        {
            Array.ForEach(requests, r => r.Updates.TryRead(out _));
        }

        steps.RemoveAt(steps.Count - 1); // the end has usage to tell
        return steps;
    }
}
