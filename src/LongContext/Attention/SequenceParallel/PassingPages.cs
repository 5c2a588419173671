using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>What all blocks passed on so far, block after block, on one rank: pages beside the cache, and attention of later blocks' rows to them.</summary>
/// <remarks>A context that one pass reads needs it for one layer at a time; one that is read in several, for all layers.</remarks>
internal sealed class PassingPages(IBackend backend, AttentionModel model, KVCacheShape cache) : IDisposable
{
    private readonly AttentionBatch _batch = new() { PageSize = cache.PageSize };
    private readonly AttentionPlan _append = backend.CreatePlan(), _attend = backend.CreatePlan();
    private readonly GrowingTensor _output = new(), _lse = new();
    private KVCacheStorage? _storage;
    private int[] _pages = [];
    private int _firstRow;

    /// <summary>Begins a context: makes room for what its blocks pass on.</summary>
    /// <param name="geometry">How much.</param>
    /// <param name="oneAtATime">Whether a layer's entries may overwrite the last layer's.</param>
    internal void Begin(PrefillGeometry geometry, bool oneAtATime)
    {
        int pages = geometry.PassingBefore(geometry.Blocks.Count - 1) / cache.PageSize;
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
        _batch.Clear();
        foreach (int block in finished)
        {
            int count = reading.Geometry.PassingOf(block);
            _batch.AddSequence(_pages.AsSpan(reading.Geometry.PassingBefore(block) / cache.PageSize, count / cache.PageSize), count, count);
        }

        backend.Plan(_append, _batch);
        _batch.Clear();
        _firstRow = reading.Count;
        foreach (BlockRun run in reading.Runs)
        {
            int keys = reading.Geometry.PassingBefore(run.Block);
            if (keys > 0) // so of all later runs too
            {
                int row = _batch.TokenCount;
                int sequence = _batch.AddQueries(_pages.AsSpan(0, keys / cache.PageSize), keys, run.Count);
                _batch.AddItem(new AttentionItem(sequence, row, run.Count, 0, keys, AttentionMask.Full, 0));
                _firstRow = Math.Min(_firstRow, run.Row);
            }
        }

        backend.Plan(_attend, _batch);
    }

    /// <summary>Keeps what the finished blocks passed on in a layer: [entries, kvHeads, headDim], in the order of the blocks.</summary>
    internal void Append(int layer, in Tensor k, in Tensor v) => backend.AppendKV(k, v, _storage!, LayerOf(layer), _append);

    /// <summary>Merges one layer's attention to what earlier blocks passed on into what this rank's rows have seen.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="q">[rows of this rank, qHeads, headDim], turned.</param>
    /// <param name="output">Shape of q; updated.</param>
    /// <param name="lse">[rows of this rank, qHeads]; updated.</param>
    internal void Attend(in AttentionContext context, in Tensor q, in Tensor output, in Tensor lse)
    {
        int count = q.Rows - _firstRow;
        if (count == 0)
        {
            return;
        }

        Tensor own = q.Slice(_firstRow, count);
        (Tensor other, Tensor otherLse) = (_output.Of(backend, own.Shape), _lse.Of(backend, new TensorShape(count, own.Shape[1])));
        backend.Attention(own, _storage!, LayerOf(context.Layer), _attend, context.Parameters, other, otherLse);
        backend.MergeStates(output.Slice(_firstRow, count), lse.Slice(_firstRow, count), other, otherLse);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_output, _lse, _append, _attend, _storage])
        {
            part?.Dispose();
        }
    }

    private int LayerOf(int layer) => _storage!.Shape.Layers == 1 ? 0 : layer;
}
