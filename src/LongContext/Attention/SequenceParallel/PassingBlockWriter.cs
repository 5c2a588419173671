using LongContext.Attention.Compression;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Copies the chosen keys and values of a finished block to the pages that later blocks see before their own, layer by layer.</summary>
internal sealed class PassingBlockWriter(IBackend backend, AttentionModel model, int pageSize) : IDisposable
{
    private readonly AttentionPlan _plan = backend.CreatePlan();
    private readonly AttentionBatch _batch = new() { PageSize = pageSize };
    private readonly List<int> _targetPages = [];
    private Tensor _slots, _k, _v;
    private int[] _chosen = [], _hostSlots = [];
    private int _count;
    private int _capacity;

    /// <summary>Prepares for a block that passes on entries <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal void Begin(ScratchPages scratch, in Anchor anchor, int start, int end)
    {
        _count = end - start;
        if (_count == 0)
        {
            return;
        }

        Reserve(_count);
        _targetPages.Clear();
        scratch.AddPassing(anchor, start, end, _targetPages);
        _batch.Clear();
        _batch.AddSequence(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_targetPages), _count, _count);
        backend.Plan(_plan, _batch);
    }

    /// <summary>Chooses and copies one layer's entries.</summary>
    /// <param name="cache">The pages.</param>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="scores">The block's scores.</param>
    /// <param name="blockPages">Pages of the block.</param>
    /// <param name="blockRows">Its tokens.</param>
    /// <param name="unselectable">Leading tokens that are not passed on.</param>
    /// <param name="pooling">Width of the maximum over neighbouring scores.</param>
    /// <returns>[entries, kvHeads]: the chosen rows of the block; valid until the next call.</returns>
    internal ReadOnlySpan<int> Write(
        KVCacheStorage cache, int layer, BlockScores scores, ReadOnlySpan<int> blockPages, int blockRows, int unselectable, int pooling)
    {
        if (_count == 0)
        {
            return default;
        }

        Span<int> chosen = _chosen.AsSpan(0, _count * model.KVHeads);
        scores.Choose(layer, blockRows, unselectable, pooling, chosen);
        Span<int> hostSlots = _hostSlots.AsSpan(0, chosen.Length);
        for (int i = 0; i < chosen.Length; i++)
        {
            hostSlots[i] = (blockPages[chosen[i] / pageSize] * pageSize) + (chosen[i] % pageSize);
        }

        (Tensor slots, Tensor k, Tensor v) = (_slots.Slice(0, _count), _k.Slice(0, _count), _v.Slice(0, _count));
        backend.Upload<int>(hostSlots, slots);
        backend.GatherKV(cache, layer, slots, k, v);
        backend.AppendKV(k, v, cache, layer, _plan);
        return chosen;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        Free();
    }

    private void Reserve(int count)
    {
        if (_capacity >= count)
        {
            return;
        }

        Free();
        _slots = backend.Allocate(DType.I32, new TensorShape(count, model.KVHeads));
        _k = backend.Allocate(DType.F32, new TensorShape(count, model.KVHeads, model.HeadDim));
        _v = backend.Allocate(DType.F32, new TensorShape(count, model.KVHeads, model.HeadDim));
        (_chosen, _hostSlots) = (new int[count * model.KVHeads], new int[count * model.KVHeads]);
        _capacity = count;
    }

    private void Free()
    {
        _slots.Storage?.Dispose();
        _k.Storage?.Dispose();
        _v.Storage?.Dispose();
    }
}
