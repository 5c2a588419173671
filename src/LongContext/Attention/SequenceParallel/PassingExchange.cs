using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Diagnostics;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Brings what finished blocks pass on to every rank. Between <see cref="Start"/> and <see cref="Finish"/> the rank computes.</summary>
/// <remarks>
/// Bytes sent by a rank, for each layer: (ranks − 1) · l_p · 2 · kvHeads · headDim · bytes of a cached element, for each of its blocks but the
/// context's last, which nobody needs.
/// </remarks>
internal sealed class PassingExchange(ICommunicator communicator, BlockPlacement placement, AttentionModel model, StepTimeline? timeline) : IDisposable
{
    private readonly List<int> _finished = [];
    private readonly int[] _rowsOf = new int[communicator.Size];
    private readonly long[] _counts = new long[communicator.Size];
    private readonly KeyValueRows _rows = new(communicator);
    private readonly GrowingTensor _k = new(), _v = new();
    private Tensor _slots;
    private int[] _chosen = [];
    private CommRegion _all;
    private CommOperation _transfer;
    private long _started;
    private int _total;
    private uint _step;

    /// <summary>The blocks that a pass finishes and that pass something on: rank after rank, ascending on each.</summary>
    internal ReadOnlySpan<int> Finished => CollectionsMarshal.AsSpan(_finished);

    /// <summary>Takes over a pass over positions <paramref name="start"/> to <paramref name="end"/> of the context.</summary>
    internal void BeginPass(PrefillGeometry geometry, int start, int end, uint step)
    {
        (_step, _total) = (step, 0);
        _finished.Clear();
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            _rowsOf[rank] = 0;
            for (int block = geometry.Blocks.BlockOf(start); block < geometry.Blocks.Count && geometry.Blocks.End(block) <= end; block++)
            {
                if (placement.RankOf(block) == rank && geometry.PassingOf(block) > 0)
                {
                    _finished.Add(block);
                    _rowsOf[rank] += geometry.PassingOf(block);
                }
            }

            _counts[rank] = 2L * _rowsOf[rank] * model.KVHeads * model.HeadDim;
            _total += _rowsOf[rank];
        }
    }

    /// <summary>Chooses what this rank's blocks pass on in one layer, and sends it off.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="reading">This rank's part; its rows are scored and cached.</param>
    /// <param name="pages">The sequence's pages on this rank.</param>
    internal void Start(in AttentionContext context, BlockReading reading, ReadOnlySpan<int> pages)
    {
        if (_total == 0)
        {
            return;
        }

        _all = _rows.Region(_total, context.Cache.Shape);
        CommRegion mine = RegionOf(communicator.Rank, out int own);
        if (own > 0)
        {
            Choose(context, reading, pages, own);
            TensorShape shape = new(own, model.KVHeads, model.HeadDim);
            (Tensor k, Tensor v) = (_k.Of(context.Backend, shape), _v.Of(context.Backend, shape));
            context.Backend.GatherKV(context.Cache, context.Layer, _slots.Slice(0, own), k, v);
            _rows.Store(context.Backend, k, v, mine);
        }

        _started = StepTimeline.Now;
        _transfer = communicator.AllGather(mine, _all, _counts, new CommTag(_step, (ushort)context.Layer, CommPhase.PassingBlocks, 0));
    }

    /// <summary>Waits for what the others sent.</summary>
    /// <param name="context">The step and layer.</param>
    /// <param name="k">[entries, kvHeads, headDim] of all finished blocks, in their order; valid until the next call.</param>
    /// <param name="v">Likewise.</param>
    /// <returns>Whether there is anything.</returns>
    internal bool Finish(in AttentionContext context, out Tensor k, out Tensor v)
    {
        (k, v) = (default, default);
        if (_total == 0)
        {
            return false;
        }

        long waiting = StepTimeline.Now;
        _transfer.Wait();
        timeline?.Add("passing blocks", TimelineKind.Communication, _step, context.Layer, _started);
        timeline?.Add("wait for passing blocks", TimelineKind.Communication, _step, context.Layer, waiting);
        TensorShape shape = new(_total, model.KVHeads, model.HeadDim);
        (k, v) = (_k.Of(context.Backend, shape), _v.Of(context.Backend, shape));
        int first = 0;
        for (int rank = 0; rank < communicator.Size; rank++)
        {
            CommRegion theirs = RegionOf(rank, out int rows);
            if (rows > 0)
            {
                _rows.Load(context.Backend, k.Slice(first, rows), v.Slice(first, rows), theirs);
                first += rows;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[_k, _v, _rows, _slots.Storage])
        {
            part?.Dispose();
        }
    }

    private CommRegion RegionOf(int rank, out int rows)
    {
        long before = 0;
        for (int i = 0; i < rank; i++)
        {
            before += _counts[i];
        }

        rows = _rowsOf[rank];
        return _all.Slice(before, _counts[rank]);
    }

    /// <summary>This rank's chosen slots, block after block.</summary>
    private void Choose(in AttentionContext context, BlockReading reading, ReadOnlySpan<int> pages, int own)
    {
        if (_chosen.Length < own * model.KVHeads)
        {
            _slots.Storage?.Dispose();
            _slots = context.Backend.Allocate(DType.I32, new TensorShape(own, model.KVHeads));
            _chosen = new int[own * model.KVHeads];
        }

        int done = 0;
        foreach (int block in _finished)
        {
            if (placement.RankOf(block) == communicator.Rank)
            {
                int count = reading.Geometry.PassingOf(block) * model.KVHeads;
                reading.Choose(context.Layer, block, pages, _chosen.AsSpan(done, count));
                done += count;
            }
        }

        context.Backend.Upload<int>(_chosen.AsSpan(0, done), _slots.Slice(0, own));
    }
}
