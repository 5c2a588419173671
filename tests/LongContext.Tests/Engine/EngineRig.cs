using LongContext.Engine;
using LongContext.KVCache;
using LongContext.Sampling;
using LongContext.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LongContext.Tests.Engine;

/// <summary>A step loop over the hash model, driven step by step on the test's thread; every invariant is checked after every step.</summary>
internal sealed class EngineRig
{
    internal const int PageSize = 4;

    private readonly SharedUpdates _updates = new(HashModel.VocabularySize);
    private long _arrivals;

    internal EngineRig(int pages, int chunk = 16, int concurrent = 8, int queued = 1_000, PrefixReuse reuse = PrefixReuse.Enabled, TimeProvider? clock = null)
    {
        Clock = clock ?? TimeProvider.System;
        Cache = new PagedKVCache(pages, PageSize, reuse);
        Runner = new HashRunner(pages, PageSize);
        Loop = new StepLoop(Runner, Cache, new SchedulerLimits(chunk, concurrent), queued, Clock, NullLogger.Instance);
    }

    internal PagedKVCache Cache { get; }

    internal HashRunner Runner { get; }

    internal StepLoop Loop { get; }

    internal TimeProvider Clock { get; }

    internal LetterTokenizer Tokenizer { get; } = new();

    internal RequestProbe Submit(IReadOnlyList<int> prompt, int maxNewTokens) => Submit(prompt, new GenerationOptions { MaxNewTokens = maxNewTokens });

    internal RequestProbe Submit(IReadOnlyList<int> prompt, GenerationOptions options)
    {
        Sequence sequence = new(++_arrivals, [.. prompt], options.MaxNewTokens);
        GenerationOptions valid = GenerationOptionsValidator.Validate(options, HashModel.VocabularySize);
        RequestProbe probe = new(prompt, options.MaxNewTokens, new GenerationRequest(sequence, valid, Tokenizer, HashModel.VocabularySize, _updates, Clock));
        Loop.Submit(probe.Request);
        return probe;
    }

    internal LogitsRequest SubmitLogits(IReadOnlyList<int> prompt, LogitPositions positions)
    {
        LogitsRequest request = new(new Sequence(++_arrivals, [.. prompt], 0, positions));
        Loop.Submit(request);
        return request;
    }

    internal bool Step()
    {
        bool ran = Loop.Step();
        Loop.Scheduler.Verify();
        return ran;
    }

    /// <summary>Steps, all consumers reading, until nothing is left to do; then all pages must be available.</summary>
    internal void RunToEnd(params RequestProbe[] probes)
    {
        for (int i = 0; Step() || probes.Any(p => p.Request.IsPaused); i++)
        {
            Assert.That(i, Is.LessThan(1_000_000), "the engine does not come to an end");
            Array.ForEach(probes, p => p.Read());
        }

        Array.ForEach(probes, p => p.Read());
        Assert.That(Cache.AvailablePages, Is.EqualTo(Cache.Capacity));
    }
}
