namespace LongContext.Backends.Cpu.Kernels;

/// <summary>Cuts one layer's attention into units, the longest first. Who does them is the worker pool's business.</summary>
/// <remarks>Rebuilt only when heads or window differ from the layer before. Allocates nothing once its buffers have grown.</remarks>
internal sealed unsafe class AttentionUnits : IDisposable
{
    private const int TileRows = 96; // a multiple of the register tile; queries, scores and sums stay in the second-level cache
    private const int UnitsPerWorker = 4;

    private readonly NativeBuffer<AttentionUnit> _units = new();
    private readonly NativeBuffer<long> _costs = new();
    private readonly NativeBuffer<AttentionMerge> _merges = new();
    private readonly NativeBuffer<float> _partials = new();
    private (int QHeads, int KVHeads, int HeadDim, int Window) _builtFor;

    /// <summary>[Count].</summary>
    internal AttentionUnit* Units => _units.Pointer;

    internal int Count { get; private set; }

    /// <summary>[MergeCount]: tiles whose segments are units of their own.</summary>
    internal AttentionMerge* Merges => _merges.Pointer;

    internal int MergeCount { get; private set; }

    /// <summary>Room for the states of segments.</summary>
    internal float* Partials => _partials.Pointer;

    /// <summary>Most rows of a tile.</summary>
    internal int Rows { get; private set; }

    /// <summary>Row-key pairs of all units together.</summary>
    internal long Cost { get; private set; }

    /// <summary>Forgets the step.</summary>
    internal void Clear() => _builtFor = default;

    /// <summary>Makes the units unless those of the last layer fit.</summary>
    internal void Build(in AttentionArguments a, int itemCount, int workers)
    {
        (int, int, int, int) wanted = (a.QHeads, a.KVHeads, a.HeadDim, a.Window);
        if (_builtFor == wanted)
        {
            return;
        }

        int tileTokens = TileTokens(a.Group);
        (long tiles, long segments) = (0, 0);
        for (int i = 0; i < itemCount; i++)
        {
            for (int token = 0; token < a.Items[i].QueryCount; token += tileTokens)
            {
                tiles++;
                segments += Segments(a, a.Items[i], token, tileTokens).Count;
            }
        }

        bool split = tiles * a.KVHeads < (long)UnitsPerWorker * workers && workers > 1;
        _units.Reserve((split ? Math.Max(tiles, segments) : tiles) * a.KVHeads);
        _costs.Reserve(_units.Capacity);
        _merges.Reserve(split ? tiles * a.KVHeads : 0);
        (Count, MergeCount, Rows, Cost) = (0, 0, 0, 0);
        long partials = 0;
        for (int i = 0; i < itemCount; i++)
        {
            for (int token = 0; token < a.Items[i].QueryCount; token += tileTokens)
            {
                for (int head = 0; head < a.KVHeads; head++)
                {
                    AttentionUnit tile = new(i, head, token, Math.Min(tileTokens, a.Items[i].QueryCount - token), -1, 0);
                    partials = AddTile(a, tile, split, partials);
                }
            }
        }

        _partials.Reserve(partials);
        new Span<long>(_costs.Pointer, Count).Sort(new Span<AttentionUnit>(_units.Pointer, Count));
        _builtFor = wanted;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _units.Dispose();
        _costs.Dispose();
        _merges.Dispose();
        _partials.Dispose();
    }

    /// <summary>Query rows of a tile: as many as fill it, whole register tiles if it can be.</summary>
    private static int TileTokens(int group)
    {
        int tokens = Math.Max(1, TileRows / group);
        return tokens > 6 ? tokens / 6 * 6 : tokens;
    }

    private static (int First, int Count, int Keys) Segments(in AttentionArguments a, in AttentionItem item, int token, int tileTokens)
    {
        int lastToken = Math.Min(token + tileTokens, item.QueryCount) - 1;
        int start = a.KeyStart(item, token);
        int end = a.KeyEnd(item, lastToken);
        if (start >= end)
        {
            return (0, 0, 0);
        }

        int keys = AttentionSegments.Keys(a.PageSize);
        return (start / keys, ((end - 1) / keys) - (start / keys) + 1, end - start);
    }

    private long AddTile(in AttentionArguments a, in AttentionUnit tile, bool split, long partials)
    {
        int rows = tile.Tokens * a.Group;
        Rows = Math.Max(Rows, rows);
        (int first, int count, int keys) = Segments(a, a.Items[tile.Item], tile.FirstToken, tile.Tokens);
        if (!split || count < 2)
        {
            Add(tile, (long)rows * (keys + a.PageSize));
            return partials;
        }

        _merges.Pointer[MergeCount++] = new AttentionMerge(tile, partials, count);
        for (int s = first; s < first + count; s++)
        {
            Add(tile with { Segment = s, Partial = partials }, (long)rows * AttentionSegments.Keys(a.PageSize));
            partials += AttentionState.Floats(rows, a.PaddedHeadDim);
        }

        return partials;
    }

    private void Add(in AttentionUnit unit, long cost)
    {
        _units.Pointer[Count] = unit;
        _costs.Pointer[Count++] = -cost;
        Cost += cost;
    }
}
