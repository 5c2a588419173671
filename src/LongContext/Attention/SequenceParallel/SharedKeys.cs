using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Keys that a rank's rows see beside those of their own blocks: the anchor's, then what earlier blocks passed on, block after block. None is kept.</summary>
/// <remarks>Pages beside the cache. A context that one pass reads needs them for one layer at a time; one that is read in several, for all layers.</remarks>
internal sealed class SharedKeys(IBackend backend, AttentionModel model, KVCacheShape cache) : IDisposable
{
    private readonly AttentionBatch _batch = new() { PageSize = cache.PageSize };
    private readonly AttentionPlan _appendAnchor = backend.CreatePlan(), _attendAnchor = backend.CreatePlan();
    private readonly AttentionPlan _appendPassed = backend.CreatePlan(), _attendPassed = backend.CreatePlan();
    private readonly GrowingTensor _output = new(), _lse = new();
    private KVCacheStorage? _storage;
    private int[] _pages = [];
    private int _anchorKeys;
    private int _anchorRows;
    private int _firstPassedRow;

    /// <summary>Begins a context: makes room.</summary>
    /// <param name="reading">How this rank reads it.</param>
    /// <param name="oneAtATime">Whether a layer's keys may overwrite the last layer's.</param>
    internal void Begin(BlockReading reading, bool oneAtATime)
    {
        PrefillGeometry geometry = reading.Geometry;
        _anchorKeys = reading.HasAnchorItself ? 0 : geometry.Anchor.Length;
        int pages = (_anchorKeys + geometry.PassingBefore(geometry.Blocks.Count - 1)) / cache.PageSize;
        int layers = oneAtATime ? 1 : model.Layers;
        if (pages > 0 && (_pages.Length < pages || _storage!.Shape.Layers < layers))
        {
            pages = Math.Max(pages, _pages.Length);
            _storage?.Dispose();
            _storage = backend.AllocateKVCache(cache with { Layers = layers, Pages = pages });
            _pages = [.. Enumerable.Range(0, pages)];
        }
    }

    /// <summary>Takes over a pass: this rank's rows, and the blocks that are finished in it.</summary>
    internal void BeginPass(BlockReading reading, ReadOnlySpan<int> finished)
    {
        _anchorRows = reading.AnchorRows;
        _batch.Clear();
        _batch.AddSequence(_pages.AsSpan(0, _anchorRows / cache.PageSize), _anchorRows, _anchorRows);
        backend.Plan(_appendAnchor, _batch);

        _batch.Clear();
        foreach (int block in finished)
        {
            int count = reading.Geometry.PassingOf(block);
            _batch.AddSequence(
                _pages.AsSpan((_anchorKeys + reading.Geometry.PassingBefore(block)) / cache.PageSize, count / cache.PageSize), count, count);
        }

        backend.Plan(_appendPassed, _batch);
        PlanAnchor(reading);
        PlanPassed(reading);
    }

    /// <summary>Keeps the anchor's keys of a layer: its rows are the first ones of [rows, kvHeads, headDim].</summary>
    internal void AppendAnchor(int layer, in Tensor k, in Tensor v)
    {
        if (_anchorRows > 0)
        {
            backend.AppendKV(k.Slice(0, _anchorRows), v.Slice(0, _anchorRows), _storage!, LayerOf(layer), _appendAnchor);
        }
    }

    /// <summary>Keeps what the finished blocks passed on in a layer: [entries, kvHeads, headDim], in the order of the blocks.</summary>
    internal void AppendPassed(int layer, in Tensor k, in Tensor v) => backend.AppendKV(k, v, _storage!, LayerOf(layer), _appendPassed);

    /// <summary>Merges one layer's attention to the anchor into what this rank's rows have seen.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="q">[rows of this rank, qHeads, headDim], turned.</param>
    /// <param name="output">Shape of q; updated.</param>
    /// <param name="lse">[rows of this rank, qHeads]; updated.</param>
    internal void AttendAnchor(in AttentionContext context, in Tensor q, in Tensor output, in Tensor lse) =>
        Attend(context, _attendAnchor, _anchorKeys > 0 ? 0 : q.Rows, q, output, lse);

    /// <summary>Merges one layer's attention to what earlier blocks passed on.</summary>
    internal void AttendPassed(in AttentionContext context, in Tensor q, in Tensor output, in Tensor lse) =>
        Attend(context, _attendPassed, _firstPassedRow, q, output, lse);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_output, _lse, _appendAnchor, _attendAnchor, _appendPassed, _attendPassed, _storage])
        {
            part?.Dispose();
        }
    }

    private int LayerOf(int layer) => _storage!.Shape.Layers == 1 ? 0 : layer;

    /// <summary>The anchor's own rows see what is before them, those of later blocks all, those of the first block nothing.</summary>
    private void PlanAnchor(BlockReading reading)
    {
        _batch.Clear();
        if (_anchorRows > 0)
        {
            _batch.AddItem(Item(0, _anchorRows, _anchorKeys, AttentionMask.Causal));
        }

        foreach (BlockRun run in reading.Runs)
        {
            _batch.AddItem(Item(0, run.Count, run.Block > 0 ? _anchorKeys : 0, AttentionMask.Full));
        }

        backend.Plan(_attendAnchor, _batch);
    }

    private void PlanPassed(BlockReading reading)
    {
        _batch.Clear();
        _firstPassedRow = reading.Count;
        foreach (BlockRun run in reading.Runs)
        {
            int keys = reading.Geometry.PassingBefore(run.Block);
            if (keys > 0) // so of all later runs too
            {
                _batch.AddItem(Item(_anchorKeys, run.Count, keys, AttentionMask.Full));
                _firstPassedRow = Math.Min(_firstPassedRow, run.Row);
            }
        }

        backend.Plan(_attendPassed, _batch);
    }

    /// <summary>The next rows of the batch, over keys from <paramref name="first"/> on.</summary>
    private AttentionItem Item(int first, int rows, int keys, AttentionMask mask)
    {
        int row = _batch.TokenCount;
        int sequence = _batch.AddQueries(_pages.AsSpan(first / cache.PageSize, keys / cache.PageSize), keys, rows);
        return new AttentionItem(sequence, row, rows, 0, keys, mask, 0);
    }

    private void Attend(in AttentionContext context, AttentionPlan plan, int firstRow, in Tensor q, in Tensor output, in Tensor lse)
    {
        int count = q.Rows - firstRow;
        if (count == 0)
        {
            return;
        }

        Tensor own = q.Slice(firstRow, count);
        (Tensor other, Tensor otherLse) = (_output.Of(backend, own.Shape), _lse.Of(backend, new TensorShape(count, own.Shape[1])));
        backend.Attention(own, _storage!, LayerOf(context.Layer), plan, context.Parameters, other, otherLse);
        backend.MergeStates(output.Slice(firstRow, count), lse.Slice(firstRow, count), other, otherLse);
    }
}
