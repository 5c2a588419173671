using System.Runtime.InteropServices;
using LongContext.Communication;
using LongContext.KVCache;

namespace LongContext.Attention;

/// <summary>Where one sequence's cached tokens are: how many each rank holds, and which positions, in which pages, this rank.</summary>
/// <remarks>A rank caches its tokens in ascending order of position. Every rank is told the same and so knows the same.</remarks>
internal sealed class ShardedSequence
{
    private const int Stripe = 16; // decoded tokens that go to one rank before the next one's turn

    private readonly int _rank;
    private readonly PagedKVCache _cache;
    private readonly long _sequence;
    private readonly int[] _counts;
    private readonly List<TokenRun> _runs = [];
    private int _owner;
    private int _ownerRoom;
    private Mark _mark;

    /// <summary>A sequence without cached tokens.</summary>
    /// <param name="sequence">Its number: where equal ranks are counted from.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="ranks">All of them.</param>
    /// <param name="cache">Gives this rank's pages.</param>
    internal ShardedSequence(long sequence, int rank, int ranks, PagedKVCache cache)
    {
        (_sequence, _rank, _cache, _counts) = (sequence, rank, cache, new int[ranks]);
        _mark = new Mark(new int[ranks], 0, default, 0, 0);
    }

    /// <summary>This rank's pages: token i of them is its i-th token.</summary>
    internal PageTable Pages { get; } = new();

    /// <summary>[ranks]: cached tokens on each.</summary>
    internal ReadOnlySpan<int> Counts => _counts;

    /// <summary>Cached tokens on this rank.</summary>
    internal int Count => _counts[_rank];

    /// <summary>This rank's positions, ascending; what follows on each other is one run.</summary>
    internal ReadOnlySpan<TokenRun> Runs => CollectionsMarshal.AsSpan(_runs);

    /// <summary>Notes that <paramref name="rank"/> caches these positions in this step; on that rank, gets the pages for them.</summary>
    internal void Place(int rank, in TokenRun run)
    {
        _counts[rank] = checked(_counts[rank] + (int)run.Count);
        if (rank != _rank || run.Count == 0)
        {
            return;
        }

        if (!_cache.TryGrow(Pages, Count))
        {
            throw new InvalidOperationException($"Rank {_rank} has no pages for {Count} tokens; {_cache.AvailablePages} of {_cache.Capacity} are available.");
        }

        if (_runs.Count > 0 && _runs[^1].End == run.Start)
        {
            _runs[^1] = _runs[^1] with { Count = _runs[^1].Count + run.Count };
        }
        else
        {
            _runs.Add(run);
        }
    }

    /// <summary>The rank that computes and caches the next <paramref name="tokens"/> tokens, if one does: the one with the fewest, for a stripe.</summary>
    internal int NextOwner(int tokens)
    {
        if (_ownerRoom < tokens)
        {
            (_owner, _ownerRoom) = (FewestTokens(), Stripe);
        }

        _ownerRoom -= tokens;
        return _owner;
    }

    /// <summary>Remembers how it is before a step, for <see cref="RollBack"/>.</summary>
    internal void BeginStep()
    {
        _counts.CopyTo(_mark.Counts, 0);
        _mark = new Mark(_mark.Counts, _runs.Count, _runs.Count > 0 ? _runs[^1] : default, _owner, _ownerRoom);
    }

    /// <summary>As if the step had not been. This rank keeps the pages: the same tokens will be computed again, or it is released.</summary>
    internal void RollBack()
    {
        _mark.Counts.CopyTo(_counts, 0);
        _runs.RemoveRange(_mark.Runs, _runs.Count - _mark.Runs);
        if (_mark.Runs > 0)
        {
            _runs[^1] = _mark.Last;
        }

        (_owner, _ownerRoom) = (_mark.Owner, _mark.OwnerRoom);
    }

    /// <summary>Forgets everything and gives this rank's pages back.</summary>
    internal void Release()
    {
        _cache.Release(Pages);
        Array.Clear(_counts);
        _runs.Clear();
        _ownerRoom = 0;
    }

    private int FewestTokens()
    {
        int first = (int)(_sequence % _counts.Length);
        int best = first;
        for (int i = 1; i < _counts.Length; i++)
        {
            int rank = (first + i) % _counts.Length;
            best = _counts[rank] < _counts[best] ? rank : best;
        }

        return best;
    }

    private readonly record struct Mark(int[] Counts, int Runs, TokenRun Last, int Owner, int OwnerRoom);
}
