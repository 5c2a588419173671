using LongContext.Attention;
using LongContext.KVCache;

namespace LongContext.Scheduling;

/// <summary>Decides what each step computes: every decode, and prompt chunks beside them, so that neither stalls the other.</summary>
/// <remarks>
/// First come, first served: sequences start in order of arrival, and an older one may take the pages of younger ones (they are computed
/// anew later). A preempted sequence starts again only when it and everything running can grow to their full lengths, so no sequence is
/// preempted twice unless its consumer pauses it. The oldest is never preempted. Knows token counts and pages, no tensors. One thread.
/// </remarks>
internal sealed class Scheduler(PagedKVCache cache, SchedulerLimits limits)
{
    private readonly List<Sequence> _waiting = []; // both lists: oldest first
    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _step = [];
    private (Sequence? Sequence, int Room) _blocked;

    /// <summary>Sequences that wait for pages or a place.</summary>
    internal IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>Sequences that have pages.</summary>
    internal IReadOnlyList<Sequence> Running => _running;

    /// <summary>Pages taken away so far.</summary>
    internal long Preemptions { get; private set; }

    /// <summary>Refuses a sequence that could never run. Thread-safe.</summary>
    /// <exception cref="KVCacheCapacityException">It needs more pages than there are.</exception>
    internal void ThrowIfNeverFits(Sequence sequence)
    {
        int needed = cache.PagesFor(sequence.MaxCachedTokens);
        if (needed > cache.Capacity)
        {
            throw new KVCacheCapacityException(needed, cache.Capacity, cache.PageSize);
        }
    }

    /// <summary>Adds a sequence to the queue.</summary>
    internal void Add(Sequence sequence)
    {
        ThrowIfNeverFits(sequence);
        Insert(_waiting, sequence);
    }

    /// <summary>Takes a sequence out, wherever it is, and its pages back.</summary>
    internal void Remove(Sequence sequence)
    {
        _ = sequence.State == SequenceState.Waiting ? _waiting.Remove(sequence) : _running.Remove(sequence);
        cache.Release(sequence.Pages);
        sequence.State = SequenceState.Finished;
    }

    /// <summary>Decides the next step; its pages are allocated when this returns.</summary>
    /// <returns>False when nothing can run: no sequences, or all are paused.</returns>
    internal bool Schedule(ScheduledBatch batch)
    {
        batch.Clear();
        Admit();
        CollectStep();
        KeepOneReader();
        PrefillBudget.Divide(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_step), limits);
        for (int i = 0; i < _step.Count; i++)
        {
            Sequence sequence = _step[i];
            int count = sequence.State == SequenceState.Running ? Grow(sequence, sequence.Allotment) : 0;
            if (count > 0)
            {
                batch.Add(new ScheduledChunk(sequence, sequence.ComputedTokens, count, Outputs(sequence, count)));
            }
            else if (i == 0)
            {
                throw new InvalidOperationException(
                    $"The oldest sequence ({sequence.Length} tokens) found no pages; {cache.AvailablePages} of {cache.Capacity} are available.");
            }
        }

        return batch.TokenCount > 0;
    }

    /// <summary>Notes that a chunk's keys and values are in the cache. Call for every chunk after the step ran.</summary>
    internal void Complete(in ScheduledChunk chunk)
    {
        Sequence sequence = chunk.Sequence;
        sequence.ComputedTokens = chunk.End;
        if (sequence.Logits == LogitPositions.All && chunk.OutputCount > 0)
        {
            sequence.DeliveredLogits = chunk.End;
        }

        cache.Commit(sequence.Pages, sequence.Tokens[..chunk.End]);
    }

    /// <summary>Checks all invariants of pages and lists.</summary>
    /// <exception cref="InvalidOperationException">One is broken.</exception>
    internal void Verify()
    {
        cache.Verify(_running.Concat(_waiting).Select(s => s.Pages));
        if (_waiting.Exists(s => s.Pages.Count > 0 || s.State != SequenceState.Waiting || s.ComputedTokens > 0)
            || _running.Exists(s => s.State != SequenceState.Running || s.ComputedTokens > s.Pages.TokenSlots))
        {
            throw new InvalidOperationException("A waiting sequence owns pages, or a running one has more tokens than slots.");
        }
    }

    private static void Insert(List<Sequence> list, Sequence sequence)
    {
        int index = list.Count;
        while (index > 0 && list[index - 1].Arrival > sequence.Arrival)
        {
            index--;
        }

        list.Insert(index, sequence);
    }

    private static int Outputs(Sequence sequence, int count)
    {
        return sequence.Logits == LogitPositions.All
            ? Math.Min(count, Math.Max(0, sequence.ComputedTokens + count - sequence.DeliveredLogits))
            : sequence.PendingTokens == count ? 1 : 0;
    }

    private void Admit()
    {
        for (int i = 0; i < _waiting.Count && ActiveCount() < limits.MaxSequences;)
        {
            Sequence sequence = _waiting[i];
            if (sequence.IsPaused)
            {
                i++;
                continue;
            }

            while (_running.Count >= limits.MaxRunning || !TryStart(sequence))
            {
                // Sequences whose consumers are behind give way only when nothing else can run and free pages by ending.
                if (ActiveCount() > 0 || FindVictim(sequence) is not { IsPaused: true } paused)
                {
                    return;
                }

                Preempt(paused);
            }

            _waiting.Remove(sequence);
            Insert(_running, sequence);
        }
    }

    private bool TryStart(Sequence sequence)
    {
        bool again = sequence.Preemptions > 0;
        int needed = GrownPages(sequence, again);
        int room = cache.AvailablePages;
        foreach (Sequence running in _running)
        {
            room -= Math.Max(0, GrownPages(running, again) - running.Pages.Count);
        }

        if (_blocked == (sequence, room))
        {
            return false; // nothing changed since it did not fit
        }

        int owned = cache.Capacity - cache.AvailablePages;
        int found = sequence.Logits == LogitPositions.All ? 0 : cache.Attach(sequence.Pages, sequence.Tokens);
        int revived = cache.Capacity - cache.AvailablePages - owned; // cached pages that are owned now
        if (room - revived < needed - sequence.Pages.Count)
        {
            cache.Release(sequence.Pages);
            _blocked = (sequence, room);
            return false;
        }

        _blocked = default;
        sequence.ReserveFullLength(cache.PagesFor(sequence.MaxCachedTokens));
        sequence.State = SequenceState.Running;
        sequence.ComputedTokens = found;
        sequence.CachedTokens = again ? sequence.CachedTokens : found;
        return true;
    }

    /// <summary>Pages a sequence will take soon: its tokens and one page more, or all it may ever take.</summary>
    private int GrownPages(Sequence sequence, bool atFullLength)
    {
        int grown = (int)Math.Min((long)sequence.Length + cache.PageSize, sequence.MaxCachedTokens);
        return cache.PagesFor(atFullLength ? sequence.MaxCachedTokens : grown);
    }

    private int ActiveCount()
    {
        int active = 0;
        foreach (Sequence sequence in _running)
        {
            active += sequence.IsPaused ? 0 : 1;
        }

        return active;
    }

    private void CollectStep()
    {
        _step.Clear();
        foreach (Sequence sequence in _running)
        {
            if (!sequence.IsPaused && _step.Count < limits.MaxSequences)
            {
                _step.Add(sequence);
            }
        }
    }

    /// <summary>Of the sequences whose contexts are read approximately one is read at a time: the one that is in the middle of it, else the oldest.</summary>
    /// <remarks>A paused one that another passes begins anew; what the method kept of it is gone.</remarks>
    private void KeepOneReader()
    {
        Sequence? reader = null;
        foreach (Sequence sequence in _step)
        {
            bool begun = sequence.ComputedTokens > 0 && reader is not { ComputedTokens: > 0 };
            reader = IsReader(sequence) && (reader is null || begun) ? sequence : reader;
        }

        if (reader is null)
        {
            return;
        }

        for (int i = _step.Count - 1; i >= 0; i--)
        {
            if (_step[i] != reader && IsReader(_step[i]))
            {
                _step.RemoveAt(i);
            }
        }

        for (int i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i] != reader && IsReader(_running[i]) && _running[i].ComputedTokens > 0)
            {
                Preempt(_running[i]);
            }
        }
    }

    private static bool IsReader(Sequence sequence) => AttentionMethods.IsApproximate(sequence.Attention) && sequence.PendingTokens > 1;

    /// <summary>Gets pages for <paramref name="count"/> more tokens, from younger sequences if need be.</summary>
    /// <remarks>
    /// A context that is read approximately gets all its prompt's: over ranks a part of it may fill one of them, while on average there is room.
    /// </remarks>
    /// <returns>Tokens that there are pages for.</returns>
    private int Grow(Sequence sequence, int count)
    {
        int atOnce = IsReader(sequence) ? Math.Max(0, sequence.PromptLength - sequence.ComputedTokens - count) : 0;
        while (!cache.TryGrow(sequence.Pages, sequence.ComputedTokens + count + atOnce))
        {
            if (FindVictim(sequence) is { } victim)
            {
                Preempt(victim);
                continue;
            }

            if (atOnce > 0)
            {
                return 0;
            }

            // All pages are with older sequences: take what is left, the rest comes when they end.
            int slots = checked((sequence.Pages.Count + cache.AvailablePages) * cache.PageSize);
            count = Math.Min(count - 1, slots - sequence.ComputedTokens);
            if (count <= 0)
            {
                return 0;
            }
        }

        return count;
    }

    /// <summary>Who loses its pages for <paramref name="sequence"/>: the youngest paused one, else the youngest younger one.</summary>
    private Sequence? FindVictim(Sequence sequence)
    {
        Sequence? younger = null;
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Sequence candidate = _running[i];
            if (candidate.IsPaused && candidate != sequence)
            {
                return candidate;
            }

            younger ??= candidate.Arrival > sequence.Arrival && candidate.Pages.Count > 0 ? candidate : null;
        }

        return younger;
    }

    private void Preempt(Sequence victim)
    {
        _running.Remove(victim);
        cache.Release(victim.Pages);
        (victim.State, victim.ComputedTokens) = (SequenceState.Waiting, 0);
        victim.Preemptions++;
        Preemptions++;
        Insert(_waiting, victim);
    }
}
