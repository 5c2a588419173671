using System.Diagnostics;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Golden;
using NUnit.Framework;

namespace LongContext.Tests.Sessions;

/// <summary>
/// Concurrent requests while other threads collect and make garbage, and while null references are thrown and caught on the very threads
/// that run generated code: every result has the bits of the quiet one.
/// </summary>
[TestFixture]
[NonParallelizable]
[CancelAfter(120_000)]
internal sealed class StressTests
{
    private const int Requests = 8;
    private const int Workers = 2;

    [TestCase(DType.BF16, KVCacheType.BFloat16)]
    [TestCase(DType.Q8_0, KVCacheType.BFloat16)]
    [TestCase(DType.Q8_0, KVCacheType.Q8_0)]
    public async Task Requests_AmongGarbageAndExceptions_HaveTheBitsOfQuietOnes(DType type, KVCacheType cache)
    {
        TimeSpan time = TimeSpan.FromSeconds(LongTests.AreWanted ? 20 : 2);
        using TemporaryFolder folder = new();
        GoldenModel.WriteGguf(folder.File("m.gguf"), "tiny", type);
        NullReferenceClock clock = new();
        await using InferenceSession session = InferenceSession.CreateBuilder()
            .UseModel(folder.File("m.gguf")).UseKVCacheType(cache)
            .UseContextLength(256).UseKVCacheTokens(2_048).UseChunkSize(64).UseCpu(Workers).UseTimeProvider(clock).Build();
        Answer[] quiet = new Answer[Requests];
        for (int i = 0; i < Requests; i++)
        {
            quiet[i] = await Ask(session, i);
        }

        using CancellationTokenSource end = new();
        List<Exception> failures = [];
        Thread[] others = [Start(MakeGarbage), Start(Collect), Start(UseWorkers)];
        clock.Throws = true;
        int asked = 0;
        long begin = Stopwatch.GetTimestamp();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Requests).Select(AskAgain));
        }
        finally
        {
            await end.CancelAsync(); // a failure must not leave threads behind
            Array.ForEach(others, t => t.Join());
        }

        TestContext.Out.WriteLine($"{asked} requests, {clock.Thrown} null references on the engine's thread, {FaultingWorkers.Thrown} on workers, {GC.CollectionCount(2)} full collections");
        Assert.Multiple(() =>
        {
            Assert.That(failures, Is.Empty);
            Assert.That(asked, Is.GreaterThanOrEqualTo(Requests));
            Assert.That(clock.Thrown, Is.Positive);
            Assert.That(FaultingWorkers.Thrown, Is.Positive);
        });

        async Task AskAgain(int i)
        {
            do
            {
                Answer answer = await Ask(session, i);
                Interlocked.Increment(ref asked);
                Assert.That(answer.TokenIds, Is.EqualTo(quiet[i].TokenIds));
                Assert.That(answer.Logits, Is.EqualTo(quiet[i].Logits));
            }
            while (Stopwatch.GetElapsedTime(begin) < time);
        }

        Thread Start(Action<Random> action)
        {
            Thread thread = new(() =>
            {
                try
                {
                    for (Random random = new(7); !end.IsCancellationRequested;)
                    {
                        action(random);
                    }
                }
                catch (Exception e) // thrown in the test's own thread it would end the process
                {
                    lock (failures)
                    {
                        failures.Add(e);
                    }
                }
            });
            thread.Start();
            return thread;
        }

        void UseWorkers(Random random) => FaultingWorkers.ComputeAndFault(type, Workers);
    }

    private static async Task<Answer> Ask(InferenceSession session, int i)
    {
        int[] prompt = [.. Enumerable.Range(0, 20 + (17 * i)).Select(t => (int)((uint)(t + i) * 2654435761u % 316))];
        GenerationOptions options = new() { MaxNewTokens = 40, EndOfSequence = EndOfSequenceHandling.Ignore };
        GenerationResult result = await session.GenerateAsync(Prompt.FromTokens(prompt), options);
        return new Answer(result.TokenIds, (await session.ComputeLogitsAsync(Prompt.FromTokens([.. prompt, .. result.TokenIds])))[0]);
    }

    private static void MakeGarbage(Random random)
    {
        List<byte[]> kept = [];
        for (int i = 0; i < 200; i++)
        {
            kept.Add(new byte[random.Next(1, 20_000)]);
        }

        Thread.Sleep(random.Next(2));
    }

    private static void Collect(Random random)
    {
        // Full collections in the background only: the runtime answers a blocking one beside a background one with a storm of small ones, and nobody else gets on.
        int generation = random.Next(3);
        GC.Collect(generation, GCCollectionMode.Forced, blocking: generation < 2, compacting: generation < 2 && random.Next(4) == 0);
        Thread.Sleep(random.Next(5));
    }

    private sealed record Answer(IReadOnlyList<int> TokenIds, float[] Logits);
}
