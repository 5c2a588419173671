using System.Runtime.InteropServices;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention;

/// <summary>One chunk's rows against the keys of earlier blocks that could be selected, and against those that were, gathered from the sequence's own cache.</summary>
internal sealed class RecallStep(IBackend backend, KeySelection selection) : IDisposable
{
    private readonly AttentionPlan _append = backend.CreatePlan();
    private readonly GrowingTensor _k = new(), _v = new();
    private readonly List<AttentionItem> _items = [];
    private AttentionBatch? _batch;
    private Tensor _slots;
    private KVCacheStorage? _cache;
    private int[] _hostSlots = [], _pages = [];
    private int _entries;

    /// <summary>First row that has such keys; the chunk's row count if none has.</summary>
    internal int FirstRow { get; private set; }

    /// <summary>First row that has selected ones.</summary>
    internal int FirstSelectedRow { get; private set; }

    /// <summary>Rows from <see cref="FirstRow"/> on against all keys that could be selected, in the sequence's cache.</summary>
    internal AttentionPlan Earlier { get; } = backend.CreatePlan();

    /// <summary>Rows from <see cref="FirstSelectedRow"/> on against the selected keys, in <see cref="Cache"/>.</summary>
    internal AttentionPlan Selected { get; } = backend.CreatePlan();

    /// <summary>One layer of the selected keys, after <see cref="Load"/>.</summary>
    internal KVCacheStorage Cache => _cache!;

    /// <summary>Tokens that were read in blocks.</summary>
    internal int ContextLength => selection.Geometry!.Blocks.ContextLength;

    /// <summary>Plans a chunk's two attentions, for all layers.</summary>
    internal void Plan(in StepChunk chunk, KVCacheShape shape)
    {
        PrefillGeometry geometry = selection.Geometry!;
        int anchorEnd = selection.AnchorEnd;
        _batch ??= new AttentionBatch { PageSize = shape.PageSize };
        FirstRow = Describe(chunk, block => (anchorEnd, geometry.Blocks.Start(block) - anchorEnd));
        if (FirstRow < chunk.Count)
        {
            Plan(Earlier, chunk.Pages.Pages, chunk.End, chunk.Count - FirstRow);
        }

        FirstSelectedRow = Describe(chunk, block => (0, geometry.PassingBefore(block)));
        _entries = geometry.PassingBefore(selection.BlockOf(chunk.End - 1));
        if (FirstSelectedRow < chunk.Count)
        {
            Reserve(shape);
            Plan(Selected, _pages, _entries, chunk.Count - FirstSelectedRow);
            _batch.Clear();
            _batch.AddSequence(_pages, _entries, _entries);
            backend.Plan(_append, _batch);
        }
    }

    /// <summary>Gathers one layer's selected keys.</summary>
    internal void Load(in AttentionContext context, in StepChunk chunk)
    {
        KVCacheShape shape = context.Cache.Shape;
        ReadOnlySpan<int> positions = selection.Before(selection.BlockOf(chunk.End - 1), context.Layer);
        for (int i = 0; i < positions.Length; i++)
        {
            _hostSlots[i] = (chunk.Pages.Pages[positions[i] / shape.PageSize] * shape.PageSize) + (positions[i] % shape.PageSize);
        }

        TensorShape rows = new(_entries, shape.KVHeads, shape.HeadDim);
        (Tensor slots, Tensor k, Tensor v) = (_slots.Slice(0, _entries), _k.Of(backend, rows), _v.Of(backend, rows));
        backend.Upload<int>(_hostSlots.AsSpan(0, positions.Length), slots);
        backend.GatherKV(context.Cache, context.Layer, slots, k, v);
        backend.AppendKV(k, v, _cache!, 0, _append);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_append, Earlier, Selected, _k, _v, _slots.Storage, _cache])
        {
            part?.Dispose();
        }
    }

    /// <summary>An item for each block that the chunk has rows of and that has keys.</summary>
    /// <returns>The first row of all of them; later blocks have keys too.</returns>
    private int Describe(in StepChunk chunk, Func<int, (int Start, int Count)> keysOf)
    {
        _items.Clear();
        int first = chunk.Count;
        for (int position = chunk.Start; position < chunk.End;)
        {
            int block = selection.BlockOf(position);
            int end = position < ContextLength ? Math.Min(selection.Geometry!.Blocks.End(block), chunk.End) : chunk.End;
            (int start, int count) = keysOf(block);
            if (block > 0 && count > 0)
            {
                first = Math.Min(first, position - chunk.Start);
                _items.Add(new AttentionItem(0, position - chunk.Start - first, end - position, start, count, AttentionMask.Full, 0));
            }

            position = end;
        }

        return first;
    }

    private void Plan(AttentionPlan plan, ReadOnlySpan<int> pages, int keys, int rows)
    {
        _batch!.Clear();
        _batch.AddQueries(pages[..((keys + _batch.PageSize - 1) / _batch.PageSize)], keys, rows);
        foreach (ref readonly AttentionItem item in CollectionsMarshal.AsSpan(_items))
        {
            _batch.AddItem(item);
        }

        backend.Plan(plan, _batch);
    }

    /// <summary>Room for all that is ever selected.</summary>
    private void Reserve(KVCacheShape shape)
    {
        if (_cache is not null)
        {
            return;
        }

        int most = selection.Geometry!.PassingBefore(selection.Geometry.Blocks.Count - 1);
        int pages = (most + shape.PageSize - 1) / shape.PageSize;
        _cache = backend.AllocateKVCache(shape with { Layers = 1, Pages = pages });
        _slots = backend.Allocate(DType.I32, new TensorShape(most, shape.KVHeads));
        _hostSlots = new int[checked(most * shape.KVHeads)];
        _pages = [.. Enumerable.Range(0, pages)];
    }
}
