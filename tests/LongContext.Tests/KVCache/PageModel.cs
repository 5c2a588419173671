using LongContext.KVCache;
using NUnit.Framework;

namespace LongContext.Tests.KVCache;

/// <summary>
/// A reference for the cache's bookkeeping: what every slot really holds, who owns which page, and which prefixes were ever committed.
/// Runs a command on both, then compares.
/// </summary>
internal sealed class PageModel(int pages, int pageSize, PrefixReuse reuse)
{
    private readonly PagedKVCache _cache = new(pages, pageSize, reuse, static (parent, tokens) => (int)(parent + tokens[0]) % 3);
    private readonly int[] _slots = new int[pages * pageSize];
    private readonly List<(PageTable Table, List<int> Tokens, int Computed)> _sequences = [];
    private readonly List<int[]> _released = [];
    private readonly HashSet<string> _committed = [];
    private bool _mayHaveEvicted;

    /// <summary>Runs one command, chosen by a number of any size.</summary>
    internal void Run(int command)
    {
        int argument = command / 8;
        switch (command % 8)
        {
            case 0 or 1:
                Start(NewTokens(argument));
                break;
            case 2 when _sequences.Count > 0: // fork: the same beginning, another end
                Start([.. Pick(argument).Tokens.Take(argument % 23), argument % 5, 1]);
                break;
            case 3 when _released.Count > 0: // come back with an old prompt
                Start([.. _released[argument % _released.Count], argument % 3]);
                break;
            case 4 or 5 or 6 when _sequences.Count > 0:
                Append(argument);
                break;
            case 7 when _sequences.Count > 0:
                Free(argument % _sequences.Count);
                break;
        }

        Check();
    }

    /// <summary>Frees everything: all pages must be available again.</summary>
    internal void End()
    {
        while (_sequences.Count > 0)
        {
            Free(0);
        }

        Check();
        Assert.That(_cache.AvailablePages, Is.EqualTo(pages));
    }

    private static List<int> NewTokens(int argument) => [.. Enumerable.Range(0, 1 + (argument % (17 + 4))).Select(i => (argument >> (i % 7)) % 2)];

    private (PageTable Table, List<int> Tokens, int Computed) Pick(int argument) => _sequences[argument % _sequences.Count];

    private void Start(List<int> tokens)
    {
        PageTable table = new();
        int found = _cache.Attach(table, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens));
        Assert.That(found, Is.LessThan(tokens.Count).And.EqualTo(table.Count * pageSize));
        if (!_mayHaveEvicted)
        {
            Assert.That(found, Is.EqualTo(LongestCommitted(tokens)), "nothing was evicted, so every committed prefix must be found");
        }

        _sequences.Add((table, tokens, found));
    }

    private void Append(int argument)
    {
        int index = argument % _sequences.Count;
        (PageTable table, List<int> tokens, int computed) = _sequences[index];
        int count = Math.Min(1 + (argument % 9), tokens.Count - computed);
        if (count == 0)
        {
            tokens.Add(argument % 2);
            count = 1;
        }

        int missing = ((computed + count + pageSize - 1) / pageSize) - table.Count;
        int owned = _sequences.SelectMany(s => s.Table.Pages.ToArray()).Distinct().Count();
        bool grown = _cache.TryGrow(table, computed + count);
        Assert.That(grown, Is.EqualTo(missing <= pages - owned));
        if (!grown)
        {
            return;
        }

        _mayHaveEvicted |= missing > 0 && _cache.AvailablePages - _cache.CachedPages == 0;
        for (int i = computed; i < computed + count; i++)
        {
            _slots[(table.Pages[i / pageSize] * pageSize) + (i % pageSize)] = tokens[i];
        }

        computed += count;
        _cache.Commit(table, tokens.Take(computed).ToArray());
        for (int end = pageSize; end <= computed; end += pageSize)
        {
            _committed.Add(string.Join(',', tokens.Take(end)));
        }

        _sequences[index] = (table, tokens, computed);
    }

    private void Free(int index)
    {
        _released.Add([.. _sequences[index].Tokens]);
        _cache.Release(_sequences[index].Table);
        _sequences.RemoveAt(index);
    }

    private int LongestCommitted(List<int> tokens)
    {
        int found = 0;
        while (reuse == PrefixReuse.Enabled && found + pageSize < tokens.Count && _committed.Contains(string.Join(',', tokens.Take(found + pageSize))))
        {
            found += pageSize;
        }

        return found;
    }

    private void Check()
    {
        _cache.Verify(_sequences.Select(s => s.Table));
        foreach ((PageTable table, List<int> tokens, int computed) in _sequences)
        {
            for (int i = 0; i < computed; i++)
            {
                if (_slots[(table.Pages[i / pageSize] * pageSize) + (i % pageSize)] != tokens[i])
                {
                    Assert.Fail($"Token {i} of a sequence is not in its slot any more.");
                }
            }
        }

        int owned = _sequences.SelectMany(s => s.Table.Pages.ToArray()).Distinct().Count();
        if (_cache.AvailablePages != pages - owned)
        {
            Assert.Fail($"{_cache.AvailablePages} pages are available, but {owned} of {pages} are owned.");
        }
    }
}
