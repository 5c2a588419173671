using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Tests.Communication;

/// <summary>One rank of Ring attention: its queries stay, keys and values of all ranks come by, the next under the work on these.</summary>
internal sealed class RingRank : IDisposable
{
    private const int PageSize = 16, Row = RingInput.KVHeads * RingInput.HeadDim;

    private readonly ICommunicator _communicator;
    private readonly SequencePartition _partition;
    private readonly CpuBackend _backend = new(threads: 1);
    private readonly KVCacheStorage _cache;
    private readonly int[] _pages;
    private readonly AttentionPlan _append;
    private readonly AttentionPlan _attend;
    private readonly Tensor _q, _output, _lse, _other, _otherLse;
    private CommBuffer _held;
    private CommBuffer _next;

    internal RingRank(ICommunicator communicator, SequencePartition partition, RingInput x)
    {
        (_communicator, _partition) = (communicator, partition);
        long most = Enumerable.Range(0, partition.Ranks).Max(partition.Count);
        _pages = [.. Enumerable.Range(0, (int)(most / PageSize) + 1)];
        _cache = _backend.AllocateKVCache(new KVCacheShape(1, _pages.Length, PageSize, RingInput.KVHeads, RingInput.HeadDim, DType.F32));
        (_append, _attend) = (_backend.CreatePlan(), _backend.CreatePlan());
        (_held, _next) = (communicator.Allocate(most * 2 * Row * sizeof(float)), communicator.Allocate(most * 2 * Row * sizeof(float)));

        int mine = Count(communicator.Rank);
        _q = _backend.Allocate(DType.F32, new TensorShape(mine, RingInput.QHeads, RingInput.HeadDim));
        _output = _backend.Allocate(DType.F32, _q.Shape);
        _other = _backend.Allocate(DType.F32, _q.Shape);
        _lse = _backend.Allocate(DType.F32, new TensorShape(mine, RingInput.QHeads));
        _otherLse = _backend.Allocate(DType.F32, _lse.Shape);
        _lse.HostSpan<float>().Fill(float.NegativeInfinity); // no key seen yet
        ForEachToken((token, local) =>
        {
            int qRow = RingInput.QHeads * RingInput.HeadDim;
            x.Q.AsSpan(token * qRow, qRow).CopyTo(_q.HostSpan<float>()[(local * qRow)..]);
            x.K.AsSpan(token * Row, Row).CopyTo(_held.Span<float>()[(local * Row)..]);
            x.V.AsSpan(token * Row, Row).CopyTo(_held.Span<float>()[((mine + local) * Row)..]);
        });
    }

    internal void Run()
    {
        int size = _communicator.Size;
        for (int step = 0; step < size; step++)
        {
            int holder = (_communicator.Rank + size - step) % size;
            int coming = (holder + size - 1) % size;
            CommOperation transfer = step == size - 1 ? default : _communicator.SendReceive(
                KeysAndValues(_held, holder), (_communicator.Rank + 1) % size,
                KeysAndValues(_next, coming), (_communicator.Rank + size - 1) % size,
                new CommTag(0, 0, CommPhase.RingKeyValue, (byte)step));
            AttendTo(holder);
            transfer.Wait();
            (_held, _next) = (_next, _held);
        }
    }

    /// <summary>Puts this rank's rows where they belong in the whole sequence's.</summary>
    internal void Store(float[] output, float[] lse)
    {
        ForEachToken((token, local) =>
        {
            int row = RingInput.QHeads * RingInput.HeadDim;
            _output.HostSpan<float>().Slice(local * row, row).CopyTo(output.AsSpan(token * row));
            _lse.HostSpan<float>().Slice(local * RingInput.QHeads, RingInput.QHeads).CopyTo(lse.AsSpan(token * RingInput.QHeads));
        });
    }

    public void Dispose()
    {
        foreach (Tensor tensor in (Tensor[])[_q, _output, _lse, _other, _otherLse])
        {
            tensor.Storage.Dispose();
        }

        _append.Dispose();
        _attend.Dispose();
        _cache.Dispose();
        _held.Dispose();
        _next.Dispose();
        _backend.Dispose();
    }

    /// <summary>One state over the keys that are here now, merged into what was seen before.</summary>
    private void AttendTo(int holder)
    {
        int keys = Count(holder);
        int rows = Count(_communicator.Rank);
        if (keys == 0 || rows == 0)
        {
            return;
        }

        AttentionBatch batch = new() { PageSize = PageSize };
        batch.AddSequence(_pages, keys, keys);
        _backend.Plan(_append, batch);
        Tensor kv = new(_held.Storage, 0, DType.F32, new TensorShape(2 * keys, RingInput.KVHeads, RingInput.HeadDim));
        _backend.AppendKV(kv.Slice(0, keys), kv.Slice(keys, keys), _cache, 0, _append);

        batch.Clear();
        batch.AddSequence(_pages, Math.Max(keys, rows), rows);
        int row = 0;
        foreach (TokenRun run in _partition.Runs(_communicator.Rank))
        {
            // A rank's tokens ascend, so a run sees the first keys of any rank: all before it, and on its own rank up to itself.
            int before = (int)_partition.CountBefore(holder, run.Start);
            int seen = (int)_partition.CountBefore(holder, run.End);
            AttentionMask mask = holder == _communicator.Rank ? AttentionMask.Causal : AttentionMask.Full;
            if (run.Count > 0)
            {
                batch.AddItem(new AttentionItem(0, row, (int)run.Count, 0, seen, mask, before));
            }

            row += (int)run.Count;
        }

        _backend.Plan(_attend, batch);
        _backend.Attention(_q, _cache, 0, _attend, new AttentionParameters(RingInput.Scale), _other, _otherLse);
        _backend.MergeStates(_output, _lse, _other, _otherLse);
    }

    private int Count(int rank) => (int)_partition.Count(rank);

    private CommRegion KeysAndValues(CommBuffer buffer, int rank) => buffer.Region(ElementKind.Float32).Slice(0, 2L * Count(rank) * Row);

    private void ForEachToken(Action<int, int> copy)
    {
        int local = 0;
        foreach (TokenRun run in _partition.Runs(_communicator.Rank))
        {
            for (long token = run.Start; token < run.End; token++)
            {
                copy((int)token, local++);
            }
        }
    }
}
