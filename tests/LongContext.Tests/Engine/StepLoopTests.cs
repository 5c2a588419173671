using System.Diagnostics.Metrics;
using LongContext.Engine;
using LongContext.Scheduling;
using LongContext.Tests.Sessions;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Engine;

[TestFixture]
internal sealed class StepLoopTests
{
    private static readonly int[][] Prompts =
        [.. Enumerable.Range(0, 8).Select(i => Enumerable.Range(0, 3 + (i * 37)).Select(j => 2 + ((i < 4 ? j : j * (i + 1)) * 7 % 38)).ToArray())];

    [Test]
    public void Steps_OfAnyChunkSizeAndConcurrency_GiveTheReferencesTokens(
        [Values(1, 7, 64, 512)] int chunk, [Values(1, 2, 8)] int concurrent, [Values] PrefixReuse reuse)
    {
        EngineRig rig = new(pages: 800, chunk, concurrent, reuse: reuse);
        RequestProbe[] probes = [.. Prompts.Select(p => rig.Submit(p, 40))];
        rig.RunToEnd(probes);
        Array.ForEach(probes, p => p.AssertReference());
    }

    [TestCase(2)]
    [TestCase(8)]
    [TestCase(64)]
    public void ForcedPreemption_DoesNotChangeGreedyOutput(int batch)
    {
        int largest = ((3 + (7 * 37) + 40 + 3) / 4) + 1; // 1.01 × the largest request
        EngineRig rig = new(pages: largest, chunk: 32, concurrent: batch);
        RequestProbe[] probes = [.. Enumerable.Range(0, batch).Select(i => rig.Submit(Prompts[7 - (i % 8)], 40 - (i % 3)))];
        rig.RunToEnd(probes);
        Array.ForEach(probes, p => p.AssertReference());
        Assert.That(probes.Max(p => p.Request.Sequence.Preemptions), Is.AtMost(1));
    }

    [Test]
    public void ManyGrowingSequencesInASmallPool_ArePreemptedAtMostOnceEach_TheOldestNever()
    {
        EngineRig rig = new(pages: 16, chunk: 32, concurrent: 8);
        RequestProbe[] probes = [.. Enumerable.Range(0, 24).Select(i => rig.Submit([2 + i, 3, 4 + i], 50))];
        rig.RunToEnd(probes);
        Array.ForEach(probes, p => p.AssertReference());
        Assert.Multiple(() =>
        {
            Assert.That(rig.Loop.Scheduler.Preemptions, Is.GreaterThan(0), "the test must preempt");
            Assert.That(probes.Max(p => p.Request.Sequence.Preemptions), Is.AtMost(1));
            Assert.That(probes[0].Request.Sequence.Preemptions, Is.Zero);
        });
    }

    [Test]
    public void SamplingWithASeed_GivesTheSameTokensWhateverRunsBeside()
    {
        GenerationOptions options = new() { MaxNewTokens = 40, Sampling = new SamplingOptions { Temperature = 1.5f, TopK = 20, Seed = 7, RepetitionPenalty = 1.2f } };
        EngineRig alone = new(200);
        RequestProbe expected = alone.Submit(Prompts[3], options);
        alone.RunToEnd(expected);

        EngineRig crowded = new(pages: 60, chunk: 7);
        RequestProbe[] others = [.. Prompts[..6].Select(p => crowded.Submit(p, 30))];
        RequestProbe actual = crowded.Submit(Prompts[3], options);
        crowded.RunToEnd([.. others, actual]);
        Assert.That(actual.TokenIds, Is.EqualTo(expected.TokenIds));
    }

    [Test]
    public void MetricsListenerThatThrows_LeavesNoConsumerWaiting()
    {
        int thread = Environment.CurrentManagedThreadId;
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument is { Meter.Name: "LongContext", Name: "longcontext.requests" })
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            if (Environment.CurrentManagedThreadId == thread) // other tests' requests are counted too
            {
                throw new IOException("The exporter is gone.");
            }
        });
        listener.Start();
        EngineRig rig = new(200);
        RequestProbe shortOne = rig.Submit(Prompts[0], 1);
        RequestProbe longOne = rig.Submit(Prompts[1], 40);

        Assert.That(
            () =>
            {
                for (int steps = 0; steps < 100; steps++)
                {
                    rig.Loop.Step();
                }
            },
            Throws.TypeOf<EngineFaultedException>());

        shortOne.Read();
        shortOne.AssertReference();
        Assert.That(shortOne.Terminals, Is.EqualTo(1));
        Assert.That(longOne.Error, Is.TypeOf<EngineFaultedException>());
    }

    [Test]
    public void PromptSeenBefore_IsTakenFromTheCache_SaveItsLastToken()
    {
        EngineRig rig = new(200);
        RequestProbe first = rig.Submit(Prompts[5], 10);
        rig.RunToEnd(first);
        int computed = 0;
        rig.Runner.BeforeRun = b => computed += b.TokenCount;
        RequestProbe second = rig.Submit(Prompts[5], 1);
        rig.RunToEnd(second);

        int length = Prompts[5].Length; // 188 = 47 pages: 46 are reused
        Assert.Multiple(() =>
        {
            Assert.That(first.Last!.Usage!.CachedTokens, Is.Zero);
            Assert.That(second.Last!.Usage!.CachedTokens, Is.EqualTo((length - 1) / 4 * 4));
            Assert.That(second.Last.Usage.PromptTokens, Is.EqualTo(length));
            Assert.That(computed, Is.EqualTo(length - ((length - 1) / 4 * 4)));
        });
        second.AssertReference();
    }

    [Test]
    public void LogitsOfAllPositions_AreTheReferences_WhateverIsCachedAndPreempted()
    {
        EngineRig rig = new(pages: 60, chunk: 16);
        RequestProbe before = rig.Submit(Prompts[5], 1);
        rig.RunToEnd(before);
        RequestProbe beside = rig.Submit(Prompts[2], 40);
        LogitsRequest all = rig.SubmitLogits(Prompts[5], LogitPositions.All);
        LogitsRequest last = rig.SubmitLogits(Prompts[4], LogitPositions.Last);
        rig.RunToEnd(beside);

        beside.AssertReference();
        Assert.That(last.Result.Result, Has.Count.EqualTo(1));
        Assert.That(last.Result.Result[0], Is.EqualTo(HashModel.LogitsAfter(Prompts[4])));
        Assert.That(all.Result.Result, Has.Count.EqualTo(Prompts[5].Length));
        for (int i = 0; i < Prompts[5].Length; i++)
        {
            Assert.That(all.Result.Result[i], Is.EqualTo(HashModel.LogitsAfter(Prompts[5][..(i + 1)])));
        }
    }

    [Test]
    public void LogitsOfAllPositions_OfAPreemptedRequest_AreGivenOnce()
    {
        EngineRig rig = new(pages: 24, chunk: 8, concurrent: 4);
        RequestProbe[] old = [.. Enumerable.Range(0, 3).Select(i => rig.Submit([2 + i], 24))];
        LogitsRequest all = rig.SubmitLogits(Prompts[1], LogitPositions.All);
        while (all.Sequence.DeliveredLogits is 0)
        {
            rig.Step();
        }

        rig.RunToEnd(old);
        Array.ForEach(old, p => p.AssertReference());
        Assert.That(all.Result.Result.Select(r => r.ToArray()), Is.EqualTo(Enumerable.Range(1, Prompts[1].Length).Select(n => HashModel.LogitsAfter(Prompts[1][..n]))));
    }

    [Test]
    public void ConsumerThatStopsReading_PausesItsSequenceOnly_AndLosesNothing()
    {
        EngineRig rig = new(pages: 200);
        RequestProbe lazy = rig.Submit(Prompts[2], 150);
        RequestProbe busy = rig.Submit(Prompts[3], 150);
        for (int i = 0; i < 400; i++)
        {
            rig.Step();
            busy.Read();
        }

        int ahead = lazy.Request.Sequence.Length;
        Assert.Multiple(() =>
        {
            Assert.That(rig.Step(), Is.False, "all that is left is paused");
            Assert.That(lazy.Request.IsPaused, Is.True);
            Assert.That(ahead, Is.LessThan(Prompts[2].Length + 100));
            Assert.That(lazy.Request.Sequence.Pages.Count, Is.GreaterThan(0), "pages stay while nobody else needs them");
        });
        busy.AssertReference();
        rig.RunToEnd(lazy);
        lazy.AssertReference();
    }

    [Test]
    public void PausedSequencesThatHoldAllPages_GiveWayToOthers()
    {
        EngineRig rig = new(pages: 50, concurrent: 2);
        RequestProbe[] lazy = [rig.Submit(Prompts[2], 100), rig.Submit([.. Prompts[2].Reverse()], 100)];
        while (rig.Step())
        {
        }

        RequestProbe busy = rig.Submit(Prompts[3], 80);
        for (int i = 0; i < 300; i++)
        {
            rig.Step();
            busy.Read();
        }

        busy.AssertReference();
        rig.RunToEnd(lazy);
        Array.ForEach(lazy, p => p.AssertReference());
    }

    [Test]
    public void Submit_BeyondTheQueue_IsRefusedWithBothNumbers_AndAcceptedAgainLater()
    {
        EngineRig rig = new(pages: 100, concurrent: 2, queued: 3);
        RequestProbe[] accepted = [.. Enumerable.Range(0, 5).Select(i => rig.Submit([2 + i], 5))];
        SessionOverloadedException error = Assert.Throws<SessionOverloadedException>(() => rig.Submit([9], 5))!;
        Assert.That(error.QueuedRequests, Is.EqualTo(3));
        rig.RunToEnd(accepted);
        RequestProbe later = rig.Submit([9], 5);
        rig.RunToEnd(later);
        later.AssertReference();
    }

    [Test]
    public void Submit_OfARequestThatNeverFits_IsRefusedAtOnce()
    {
        EngineRig rig = new(pages: 10);
        Assert.Multiple(() =>
        {
            Assert.That(() => rig.Submit(Prompts[1], 2), Throws.TypeOf<KVCacheCapacityException>()); // 41 tokens, 40 slots
            Assert.That(() => rig.Submit(Prompts[1], 1), Throws.Nothing);
        });
    }

    [Test]
    public void RunnerThatThrows_EndsEveryRequestWithOneError_AndRefusesNewOnes()
    {
        EngineRig rig = new(pages: 100, concurrent: 1);
        RequestProbe[] probes = [rig.Submit([3, 4], 20), rig.Submit([5], 20)];
        int runs = 0;
        rig.Runner.BeforeRun = _ => runs += runs < 2 ? 1 : throw new ArithmeticException("broken");
        Assert.That(() => { while (rig.Step()) { } }, Throws.TypeOf<EngineFaultedException>());
        foreach (RequestProbe probe in probes)
        {
            probe.Read();
            Assert.That(probe.Error, Is.TypeOf<EngineFaultedException>().And.Message.Contains("broken"));
            Assert.That(probe.Terminals, Is.EqualTo(1));
        }

        Assert.That(() => rig.Submit([6], 1), Throws.TypeOf<EngineFaultedException>());
    }

    [Test]
    public void LogitsThatAreNotNumbers_FailTheirRequestAlone()
    {
        EngineRig rig = new(pages: 100);
        RequestProbe bad = rig.Submit(Prompts[1], 30);
        RequestProbe good = rig.Submit(Prompts[2], 30);
        int rows = 0;
        rig.Runner.OnLogits = (s, row) =>
        {
            if (s == bad.Request.Sequence && ++rows == 4)
            {
                row.Span[5] = float.NaN;
            }
        };
        rig.RunToEnd(bad, good);
        Assert.That(bad.Error, Is.TypeOf<InvalidLogitsException>());
        Assert.That(bad.TokenIds, Has.Count.EqualTo(3));
        good.AssertReference();
    }

    [Test]
    public void ProgressCallbackThatThrows_FailsItsRequestAlone()
    {
        EngineRig rig = new(pages: 200, chunk: 16);
        int calls = 0;
        GenerationOptions options = new() { MaxNewTokens = 5, PrefillProgress = new DirectProgress<PrefillProgress>(_ => calls += calls < 1 ? 1 : throw new FormatException("mine")) };
        RequestProbe bad = rig.Submit(Prompts[3], options);
        RequestProbe good = rig.Submit(Prompts[4], 30);
        rig.RunToEnd(bad, good);
        Assert.That(bad.Error, Is.TypeOf<FormatException>());
        Assert.That(bad.Terminals, Is.EqualTo(1));
        good.AssertReference();
    }

    [Test]
    public void PrefillProgress_CountsChunksUpToTheWholePrompt_AndKnowsTheTimeLeft()
    {
        ManualClock clock = new();
        EngineRig rig = new(pages: 200, chunk: 16, clock: clock);
        rig.Runner.BeforeRun = b => clock.Advance(TimeSpan.FromMilliseconds(b.Positions.ToArray().Sum(p => 2 + (0.01 * p)))); // linear and quadratic
        List<PrefillProgress> seen = [];
        RequestProbe probe = rig.Submit(Prompts[3], new GenerationOptions { MaxNewTokens = 1, PrefillProgress = new DirectProgress<PrefillProgress>(seen.Add) });
        rig.RunToEnd(probe);

        int total = Prompts[3].Length;
        Assert.That(seen.Select(p => p.TokensDone), Is.EqualTo(Enumerable.Range(1, 8).Select(i => Math.Min(16 * i, total))));
        TimeSpan end = seen[^1].Elapsed;
        foreach (PrefillProgress p in seen.Skip(1)) // two chunks are enough to know both terms
        {
            Assert.That(p.EstimatedTimeLeft!.Value.TotalMilliseconds, Is.EqualTo((end - p.Elapsed).TotalMilliseconds).Within(2));
        }

        Assert.That(probe.Last!.Usage!.TimeToFirstToken, Is.EqualTo(end));
    }

    [Test]
    public void PrefillProgress_IsSilentOnceTokensCome_EvenWhenAPreemptionComputesThemAgain()
    {
        EngineRig rig = new(pages: 16, chunk: 32);
        RequestProbe old = rig.Submit([2], 50);
        List<int> seen = [];
        RequestProbe young = rig.Submit(
            Prompts[0], new GenerationOptions { MaxNewTokens = 50, EndOfSequence = EndOfSequenceHandling.Ignore, PrefillProgress = new DirectProgress<PrefillProgress>(p => seen.Add(p.TokensDone)) });
        rig.RunToEnd(old, young, rig.Submit([3], 50));
        Assert.That(young.Request.Sequence.Preemptions, Is.EqualTo(1), "the test must preempt");
        Assert.That(seen, Is.EqualTo(new[] { Prompts[0].Length }));
    }

    [TestCase("every")]
    [TestCase("stop")]
    public void StopSequence_EndsTheTextBeforeIt(string mode)
    {
        List<int> expected = HashModel.Generate(Prompts[2], 30);
        string text = new LetterTokenizer().Decode(expected, DecodeOptions.SkipSpecialTokens);
        string stop = text.Substring(10, mode == "every" ? 1 : 3);
        EngineRig rig = new(pages: 100);
        RequestProbe probe = rig.Submit(Prompts[2], new GenerationOptions { MaxNewTokens = 30, StopSequences = [stop] });
        rig.RunToEnd(probe);
        Assert.Multiple(() =>
        {
            Assert.That(probe.Text, Is.EqualTo(text[..text.IndexOf(stop, StringComparison.Ordinal)]));
            Assert.That(probe.Last!.FinishReason, Is.EqualTo(FinishReason.StopSequence));
            Assert.That(probe.TokenIds, Is.EqualTo(expected[..probe.TokenIds.Count]));
        });
    }

    [Test]
    public void StreamedText_IsTheWholeDecodedText_AndTheLimitEndsIt()
    {
        EngineRig rig = new(pages: 100);
        RequestProbe probe = rig.Submit(Prompts[2], new GenerationOptions { MaxNewTokens = 25, TopLogProbabilities = 2, EndOfSequence = EndOfSequenceHandling.Ignore });
        rig.RunToEnd(probe);
        Assert.Multiple(() =>
        {
            Assert.That(probe.Text, Is.EqualTo(rig.Tokenizer.Decode(probe.TokenIds, DecodeOptions.SkipSpecialTokens)));
            Assert.That(probe.TokenIds, Has.Count.EqualTo(25));
            Assert.That(probe.Last!.FinishReason, Is.EqualTo(FinishReason.Length));
            Assert.That(probe.Last.LogProbabilities[0], Has.Count.EqualTo(3));
            Assert.That(probe.Last.LogProbabilities[0][0].TokenId, Is.EqualTo(probe.TokenIds[^1]));
        });
    }

    [Test]
    public void EndOfSequenceToken_EndsTheRequest_AndIsCountedButNotShown()
    {
        int[] prompt = [.. Enumerable.Range(2, 400).Select(i => new[] { 2 + (i % 38), 3 }).First(p => HashModel.Generate(p, 60) is { Count: < 60 })];
        List<int> expected = HashModel.Generate(prompt, 60);
        EngineRig rig = new(pages: 100);
        RequestProbe probe = rig.Submit(prompt, 60);
        rig.RunToEnd(probe);
        Assert.Multiple(() =>
        {
            Assert.That(probe.TokenIds, Is.EqualTo(expected));
            Assert.That(probe.Last!.FinishReason, Is.EqualTo(FinishReason.EndOfSequence));
            Assert.That(probe.Text, Has.Length.EqualTo(expected.Count - 1 - expected.Count(t => t == 0)));
            Assert.That(probe.Last.Usage!.NewTokens, Is.EqualTo(expected.Count));
        });
    }
}
