using LongContext.KVCache;
using LongContext.Scheduling;
using LongContext.Tests.Shared;
using NUnit.Framework;

namespace LongContext.Tests.Scheduling;

[TestFixture]
internal sealed class SchedulerTests
{
    private const int PageSize = 4;

    [TestCase(-1, true)]
    [TestCase(0, true)]
    [TestCase(1, false)]
    public void Add_OfASequenceAtTheCapacity_IsRefusedExactlyFromOneTokenMore(int extra, bool fits)
    {
        PagedKVCache cache = new(pages: 5, PageSize, PrefixReuse.Enabled);
        Scheduler scheduler = new(cache, new SchedulerLimits(64, 4));
        Sequence sequence = new(1, new int[10], maxNewTokens: (5 * PageSize) - 10 + 1 + extra); // the last token is never cached
        if (fits)
        {
            Assert.That(() => scheduler.Add(sequence), Throws.Nothing);
            return;
        }

        KVCacheCapacityException error = Assert.Throws<KVCacheCapacityException>(() => scheduler.Add(sequence))!;
        Assert.Multiple(() =>
        {
            Assert.That(error.NeededPages, Is.EqualTo(6));
            Assert.That(error.AvailablePages, Is.EqualTo(5));
            Assert.That(error.Message, Does.Contain("6").And.Contain("5"));
        });
    }

    [Test]
    public void Schedule_PutsDecodesAndAPromptChunkIntoOneStep()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 40, chunk: 8);
        Sequence first = new(1, [1, 2, 3], 9);
        scheduler.Add(first);
        Step(scheduler, batch);
        Sequence second = new(2, new int[20], 9);
        scheduler.Add(second);
        Step(scheduler, batch);

        Assert.Multiple(() =>
        {
            Assert.That(batch.Chunks.ToArray(), Is.EqualTo(new[] { new ScheduledChunk(first, 3, 1, 1), new ScheduledChunk(second, 0, 8, 0) }));
            Assert.That(batch.Positions.ToArray(), Is.EqualTo(new[] { 3, 0, 1, 2, 3, 4, 5, 6, 7 }));
            Assert.That(batch.OutputRows.ToArray(), Is.EqualTo(new[] { 0 }));
        });
    }

    [Test]
    public void Schedule_WhenPagesRunOut_PreemptsTheYoungestAndStartsItAgainOnlyWhenAllCanGrowToTheirEnds()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 6, chunk: 64);
        Sequence old = new(1, new int[4], 17);
        Sequence young = new(2, [.. Enumerable.Repeat(1, 4)], 17); // both need 5 pages in the end
        scheduler.Add(old);
        scheduler.Add(young);
        int together = 0;
        while (old.Length < 21)
        {
            Step(scheduler, batch);
            together += young.State == SequenceState.Running ? 1 : 0;
            scheduler.Verify();
        }

        scheduler.Remove(old);
        while (young.Length < 21)
        {
            Step(scheduler, batch);
        }

        Assert.Multiple(() =>
        {
            Assert.That(together, Is.InRange(4, 12), "they began together");
            Assert.That(old.Preemptions, Is.Zero);
            Assert.That(young.Preemptions, Is.EqualTo(1));
        });
    }

    [Test]
    public void Schedule_LeavesPausedSequencesOut_AndTakesTheirPagesOnlyWhenOthersNeedThem()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 6, chunk: 64);
        Sequence paused = new(1, new int[8], 2);
        Sequence other = new(2, [.. Enumerable.Repeat(1, 8)], 2);
        scheduler.Add(paused);
        Step(scheduler, batch);
        paused.IsPaused = true;
        Assert.That(scheduler.Schedule(batch), Is.False);
        scheduler.Add(other);
        Step(scheduler, batch);
        Assert.That(paused.Pages.Count, Is.EqualTo(2), "there was room for both");

        Sequence large = new(3, [.. Enumerable.Repeat(2, 20)], 4);
        scheduler.Add(large);
        scheduler.Remove(other);
        Step(scheduler, batch);
        Assert.Multiple(() =>
        {
            Assert.That(paused.State, Is.EqualTo(SequenceState.Waiting));
            Assert.That(large.State, Is.EqualTo(SequenceState.Running));
        });
    }

    [Test]
    public void Schedule_OfALongPromptAmongEndlessShortOnes_FinishesWithinTwiceItsOwnSteps()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 2_000, chunk: 16);
        Sequence longOne = new(0, new int[1_600], 1); // 100 steps alone
        scheduler.Add(longOne);
        int arrival = 1;
        int steps = 0;
        while (longOne.PendingTokens > 0 && longOne.Length == 1_600)
        {
            for (int i = 0; i < 2; i++)
            {
                scheduler.Add(new Sequence(arrival, [.. Enumerable.Range(arrival * 1_000, 8)], 1));
                arrival++;
            }

            Step(scheduler, batch, finish: s => s != longOne);
            steps++;
        }

        Assert.That(steps, Is.InRange(100, 201));
    }

    [Test]
    public void Schedule_OfShortPromptsBehindALongOne_TheyDoNotWaitForItsEnd()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 2_000, chunk: 16);
        scheduler.Add(new Sequence(0, new int[1_600], 1));
        Step(scheduler, batch);
        Sequence quick = new(1, [.. Enumerable.Range(1, 24)], 1);
        scheduler.Add(quick);
        int steps = 0;
        while (quick.Length == 24)
        {
            Step(scheduler, batch);
            steps++;
        }

        Assert.That(steps, Is.EqualTo(3)); // 8 tokens a step
    }

    [Test]
    public void Schedule_WhileAllDecode_AllocatesNothing()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 2_000, chunk: 64);
        for (int i = 0; i < 8; i++)
        {
            scheduler.Add(new Sequence(i, [i, 1, 2, 3, 4], 900));
        }

        long allocated = Allocations.OfThisThread(
            () =>
            {
                scheduler.Schedule(batch);
                foreach (ref readonly ScheduledChunk chunk in batch.Chunks)
                {
                    scheduler.Complete(chunk);
                    chunk.Sequence.Append(7);
                }
            },
            warmUp: 520,
            repeats: 120);
        Assert.That(allocated, Is.Zero, "by then all lists have grown; nothing is made per step");
    }

    [Test]
    public void Schedule_ContextsReadApproximately_AreReadOneAfterAnotherWhileOthersGoOn()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 60, chunk: 8);
        Sequence decodes = new(1, [1, 2], 40);
        scheduler.Add(decodes);
        Step(scheduler, batch);
        Sequence[] readers = [.. Enumerable.Range(2, 3).Select(i => new Sequence(i, new int[20], 30) { Attention = AttentionMethod.Apb })];
        Array.ForEach(readers, scheduler.Add);
        List<long> order = [];
        while (readers.Any(r => r.Length == 20))
        {
            Step(scheduler, batch);
            Assert.That(batch.Chunks.ToArray().Count(c => c.Sequence == decodes), Is.EqualTo(1));
            order.AddRange(batch.Chunks.ToArray().Where(c => c.Sequence != decodes && c.Start < 20).Select(c => c.Sequence.Arrival));
            scheduler.Verify();
        }

        Assert.That(order, Is.EqualTo(new long[] { 2, 2, 2, 3, 3, 3, 4, 4, 4 }));
    }

    [Test]
    public void Schedule_AReaderPausedInTheMiddle_StartsAnewOnceAnotherHasRead()
    {
        Scheduler scheduler = new(new PagedKVCache(60, PageSize, PrefixReuse.Disabled), new SchedulerLimits(8, 8)); // as sessions of such methods have it
        ScheduledBatch batch = new();
        Sequence first = new(1, new int[20], 4) { Attention = AttentionMethod.Apb };
        Sequence second = new(2, [.. Enumerable.Repeat(1, 20)], 4) { Attention = AttentionMethod.Apb };
        scheduler.Add(first);
        Step(scheduler, batch);
        first.IsPaused = true;
        scheduler.Schedule(batch);
        Assert.That((first.ComputedTokens, first.Preemptions), Is.EqualTo((8, 0)), "nobody else reads");
        scheduler.Add(second);
        Step(scheduler, batch);
        Assert.That((first.ComputedTokens, first.Preemptions, second.ComputedTokens), Is.EqualTo((0, 1, 8)));
        first.IsPaused = false;
        Step(scheduler, batch);
        Assert.That((first.ComputedTokens, second.ComputedTokens), Is.EqualTo((0, 16)), "who is in the middle goes on");
        scheduler.Verify();
    }

    [Test]
    public void Schedule_AReader_HasPagesForAllItsPromptFromTheStart()
    {
        (Scheduler scheduler, ScheduledBatch batch) = Create(pages: 12, chunk: 8);
        Sequence reader = new(1, new int[30], 4) { Attention = AttentionMethod.Star };
        Sequence other = new(2, [.. Enumerable.Repeat(1, 30)], 4);
        scheduler.Add(reader);
        scheduler.Add(other);
        Step(scheduler, batch);
        Assert.That(reader.Pages.Count, Is.EqualTo((30 + PageSize - 1) / PageSize));
        Assert.That(other.Pages.Count, Is.LessThan(reader.Pages.Count), "others grow as they are read");
        scheduler.Verify();
    }

    private static (Scheduler Scheduler, ScheduledBatch Batch) Create(int pages, int chunk) =>
        (new Scheduler(new PagedKVCache(pages, PageSize, PrefixReuse.Enabled), new SchedulerLimits(chunk, 8)), new ScheduledBatch());

    private static void Step(Scheduler scheduler, ScheduledBatch batch, Func<Sequence, bool>? finish = null)
    {
        Assert.That(scheduler.Schedule(batch), Is.True);
        foreach (ScheduledChunk chunk in batch.Chunks.ToArray())
        {
            scheduler.Complete(chunk);
            if (chunk.OutputCount > 0)
            {
                chunk.Sequence.Append(7);
                if (finish?.Invoke(chunk.Sequence) == true)
                {
                    scheduler.Remove(chunk.Sequence);
                }
            }
        }
    }
}
