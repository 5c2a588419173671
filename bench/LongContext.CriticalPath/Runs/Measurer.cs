using LongContext.Backends.Cpu;
using LongContext.Communication;
using LongContext.CriticalPath.Recording;

namespace LongContext.CriticalPath.Runs;

/// <summary>Reads prompts with ranks that are threads of this process and take turns, so that each computes as on a machine of its own.</summary>
internal sealed class Measurer(Settings settings, string model)
{
    private const int QueryTokens = 64;
    private const int SpareTokens = 64; // of the context, for what is generated
    private static readonly GenerationOptions OneToken = new() { MaxNewTokens = 1, EndOfSequence = EndOfSequenceHandling.Ignore };

    /// <summary>Most memory that all ranks together need, in bytes: weights once, all else for each but what they share.</summary>
    internal long NeededBytes(MethodCase method, int tokens)
    {
        MemoryEstimate rank = Builder(method, tokens).UseHosts(method.Ranks).EstimateMemory(tokens + SpareTokens);
        return rank.WeightBytes + (method.Ranks * (rank.KVCacheBytes + rank.ActivationBytes))
            - ((method.Ranks - 1) * SharedActivations.LeastBytes(settings.Shape.Shape, tokens / method.Ranks));
    }

    /// <summary>Measures one prompt. The ranks have read a short one before: what is compiled or mapped for the first time is not in it.</summary>
    internal async Task<Measurement> MeasureAsync(MethodCase method, int tokens)
    {
        using SharedActivations? shared = method.Ranks > 1 ? new SharedActivations(settings.Shape.Shape.HiddenSize, settings.Shape.Shape.FeedForward) : null;
        CountingBackend[] backends = [.. Enumerable.Range(0, method.Ranks).Select(_ => new CountingBackend(new CpuBackend(settings.Threads, ModelPrecision.Auto), shared))];
        if (method.Ranks == 1)
        {
            await using InferenceSession session = await Builder(method, tokens, backends[0]).BuildAsync();
            await session.GenerateAsync(PromptOf(WarmUpTokens(method, tokens)), OneToken);
            OperationCount done = backends[0].Count;
            (double seconds, int token) = await TimeAsync(session, tokens);
            return new Measurement(method, tokens, [[RankEvent.Compute(seconds)]], [backends[0].Count - done], token);
        }

        using SemaphoreSlim turn = new(1, 1);
        RankRecorder[] recorders = [.. Enumerable.Range(0, method.Ranks).Select(_ => new RankRecorder(turn, settings.Clock))];
        CommunicatorOptions patient = new() { OperationDeadline = TimeSpan.FromDays(1), StartDeadline = TimeSpan.FromDays(1), SlowRankWarning = TimeSpan.FromHours(20) };
        IReadOnlyList<ICommunicator> ranks = InProcessCommunicator.Create(method.Ranks, patient);
        Thread[] workers = [.. Enumerable.Range(1, method.Ranks - 1).Select(rank => Work(method, tokens, backends[rank], new RecordingCommunicator(ranks[rank], recorders[rank])))];
        try
        {
            await using InferenceSession session = await Builder(method, tokens, backends[0]).UseCommunicator(new RecordingCommunicator(ranks[0], recorders[0])).BuildAsync();
            await session.GenerateAsync(PromptOf(WarmUpTokens(method, tokens)), OneToken);
            int first = recorders[0].Events.Count;
            OperationCount[] before = [.. backends.Select(b => b.Count)];
            recorders[0].Restart();
            (_, int token) = await TimeAsync(session, tokens);
            recorders[0].EndCompute();

            // The other ranks want the turn, which rank 0 has.
            return new Measurement(method, tokens, Cut(recorders, first), [.. backends.Select((b, rank) => b.Count - before[rank])], token);
        }
        finally
        {
            Array.ForEach(workers, w => w.Join());
        }
    }

    /// <summary>The parts of the recordings from the step that rank 0 began at its event <paramref name="first"/>.</summary>
    private static IReadOnlyList<IReadOnlyList<RankEvent>> Cut(RankRecorder[] recorders, int first)
    {
        RankEvent[] own = [.. recorders[0].Events.Skip(first)];
        OperationKey start = own.First(e => e.Kind == EventKind.Start).Part!.Key; // the other ranks wait in it before there is a request
        return [own, .. recorders.Skip(1).Select(r => r.Events.SkipWhile(e => e.Kind != EventKind.Start || e.Part!.Key != start).ToArray())];
    }

    private async Task<(double Seconds, int Token)> TimeAsync(InferenceSession session, int tokens)
    {
        Prompt prompt = PromptOf(tokens);
        double start = settings.Clock.Seconds();
        GenerationResult result = await session.GenerateAsync(prompt, OneToken);
        return (settings.Clock.Seconds() - start, result.TokenIds[0]);
    }

    private static int WarmUpTokens(MethodCase method, int tokens) => Math.Min(tokens, Math.Max(1_024, 128 * method.Blocks) + QueryTokens);

    private static Prompt PromptOf(int tokens)
    {
        Random random = new(tokens);
        int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(256))];
        int context = Math.Max(tokens - QueryTokens, 1);
        return new Prompt(PromptPart.FromTokens(ids[..context]), PromptPart.FromTokens(ids[context..]));
    }

    private Thread Work(MethodCase method, int tokens, CountingBackend backend, ICommunicator communicator)
    {
        Thread thread = new(() =>
        {
            try
            {
                using InferenceWorker worker = Builder(method, tokens, backend).UseCommunicator(communicator).BuildWorker();
                worker.Run();
            }
            catch (Exception e)
            {
                Console.Error.WriteLine(e);
                communicator.Dispose(); // whoever waits for this rank hears of it
            }
        });
        thread.Start();
        return thread;
    }

    private InferenceSessionBuilder Builder(MethodCase method, int tokens, CountingBackend backend) => Builder(method, tokens).UseBackend(() => backend);

    private InferenceSessionBuilder Builder(MethodCase method, int tokens)
    {
        InferenceSessionBuilder builder = InferenceSession.CreateBuilder()
            .UseModel(model)
            .UseContextLength(tokens + SpareTokens)
            .UsePrefixReuse(PrefixReuse.Disabled)
            .UseAllRowsOfTheLastLayer()
            .UseMaxConcurrentRequests(1);
        if (settings.Chunk is { } chunk && method.Ranks > 1)
        {
            builder = builder.UseChunkSize(chunk);
        }

        if (method.Blocks == 1)
        {
            return builder.UseAttention(method.Method);
        }

        return builder.UseAttention(method.Method, new ApproximateAttentionOptions
        {
            Hosts = method.Blocks,
            AnchorLength = settings.Anchor,
            PassingLength = settings.Passing,
            Compressor = method.Method == AttentionMethod.Apb ? settings.Compressor : null,
            RetainingHeadsPath = method.Method == AttentionMethod.Apb ? settings.Heads : null,
            MinimumLength = 0,
        });
    }
}
