using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>From "some tokens, all heads" on each rank of a group to "all tokens, some heads", and back.</summary>
/// <remarks>
/// Queries and outputs travel in binary32, keys and values in the cache's element type. Bytes sent by one of n ranks with c rows, where shares
/// are even: (n − 1)/n · c · headDim · (2 · 4 · qHeads + 2 · b · max(kvHeads, n)), and 4 · qHeads a row for the lse where it is needed.
/// </remarks>
internal sealed class HeadExchange(ICommunicator communicator, IReadOnlyList<HeadShare> shares, AttentionModel model) : IDisposable
{
    private readonly GrowingBuffer _send = new(communicator);
    private readonly GrowingBuffer _receive = new(communicator);
    private readonly long[] _sent = new long[communicator.Size];
    private readonly long[] _received = new long[communicator.Size];
    private float[] _rows = [];
    private float[] _repeated = [];

    private HeadShare Mine => shares[communicator.Rank];

    /// <summary>Memory for each row that a rank has, on the rank with most heads: what travels, host copies, and the group's rows as tensors and pages.</summary>
    internal static long BytesPerRow(AttentionModel model, int groupSize, int elementSize)
    {
        HeadShare[] shares = HeadShare.Divide(model.QHeads, model.KVHeads, Math.Min(groupSize, model.QHeads));
        long q = (long)groupSize * shares.Max(s => s.QCount);
        long kv = 2L * groupSize * shares.Max(s => s.KVCount);
        long local = 2L * groupSize * shares.Max(s => s.LocalKVHeads);
        long perFeature = (sizeof(float) * ((model.QHeads * 2L) + (q * 5) + (local * 3) + kv)) + (elementSize * (kv + (local * 3)));
        return perFeature * (model.HeadDim + 1);
    }

    /// <summary>Every token's rows of this rank's heads.</summary>
    /// <param name="backend">Where they are.</param>
    /// <param name="q">[rows of this rank, qHeads, headDim].</param>
    /// <param name="k">[rows of this rank, kvHeads, headDim].</param>
    /// <param name="v">Shape of k.</param>
    /// <param name="rows">Who has which.</param>
    /// <param name="type">The cache's.</param>
    /// <param name="tag">The layer's.</param>
    /// <param name="target">[rows of the group, this rank's heads, headDim], three times.</param>
    internal void Scatter(
        IBackend backend, in Tensor q, in Tensor k, in Tensor v, GroupRows rows, DType type, CommTag tag, in (Tensor Q, Tensor K, Tensor V) target)
    {
        int element = type == DType.BF16 ? sizeof(ushort) : sizeof(float);
        for (int member = 0; member < _sent.Length; member++)
        {
            _sent[member] = BlockBytes(q.Rows, shares[member], element);
            _received[member] = BlockBytes(rows.CountOf(member), Mine, element);
        }

        CommRegion send = Bytes(_send, _sent);
        CommRegion receive = Bytes(_receive, _received);
        Pack(Download(backend, q), q.Rows, send, 0, element);
        Pack(Download(backend, k), q.Rows, send, 1, element);
        Pack(Download(backend, v), q.Rows, send, 2, element);
        communicator.AllToAll(send, _sent, receive, _received, tag with { Phase = CommPhase.ScatterHeads }).Wait();
        backend.Upload<float>(Unpack(rows, receive, 0, element), target.Q);
        backend.Upload(Repeat(Unpack(rows, receive, 1, element), rows.Count), target.K);
        backend.Upload(Repeat(Unpack(rows, receive, 2, element), rows.Count), target.V);
    }

    /// <summary>All heads' states of this rank's rows.</summary>
    /// <param name="backend">Where they are.</param>
    /// <param name="states">[rows of the group, this rank's heads, headDim] and [rows of the group, this rank's heads]: outputs and lse.</param>
    /// <param name="rows">Who has which.</param>
    /// <param name="tag">The layer's.</param>
    /// <param name="output">[rows of this rank, qHeads, headDim].</param>
    /// <param name="lse">[rows of this rank, qHeads]; left as it is where no row needs it.</param>
    internal void Gather(IBackend backend, in (Tensor Output, Tensor Lse) states, GroupRows rows, CommTag tag, in Tensor output, in Tensor lse)
    {
        int width = model.HeadDim + (rows.AnyLater ? 1 : 0);
        for (int member = 0; member < _sent.Length; member++)
        {
            _sent[member] = (long)rows.CountOf(member) * Mine.QCount * width;
            _received[member] = (long)output.Rows * shares[member].QCount * width;
        }

        CommRegion send = _send.Floats(_sent.Sum());
        CommRegion receive = _receive.Floats(_received.Sum());
        PackStates(Download(backend, states.Output), rows, send, model.HeadDim, after: 0);
        if (rows.AnyLater)
        {
            PackStates(Download(backend, states.Lse), rows, send, 1, after: model.HeadDim);
        }

        communicator.AllToAll(send, _sent, receive, _received, tag with { Phase = CommPhase.GatherHeads }).Wait();
        backend.Upload(UnpackStates(receive, output.Rows, model.HeadDim, after: 0), output);
        if (rows.AnyLater)
        {
            backend.Upload(UnpackStates(receive, output.Rows, 1, after: model.HeadDim), lse);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _send.Dispose();
        _receive.Dispose();
    }

    private static CommRegion Bytes(GrowingBuffer buffer, long[] counts)
    {
        long count = counts.Sum();
        return buffer.Of(count).Region(ElementKind.Byte).Slice(0, count);
    }

    private long BlockBytes(int rows, in HeadShare share, int element) =>
        (long)rows * model.HeadDim * ((sizeof(float) * share.QCount) + (2 * element * share.KVCount));

    /// <summary>Of a member's block: queries (0), keys (1) or values (2).</summary>
    private Span<byte> Part(in CommRegion region, long[] counts, int member, int part, int rows, in HeadShare share, int element)
    {
        long q = (long)rows * model.HeadDim * sizeof(float) * share.QCount;
        long kv = (long)rows * model.HeadDim * element * share.KVCount;
        long start = Before(counts, member) + (part == 0 ? 0 : q + ((part - 1) * kv));
        return HostMemory.Bytes(region.Slice(start, part == 0 ? q : kv));
    }

    /// <summary>Each member's heads of all rows into its block.</summary>
    private void Pack(ReadOnlySpan<float> source, int rows, in CommRegion send, int part, int element)
    {
        int stride = (part == 0 ? model.QHeads : model.KVHeads) * model.HeadDim;
        bool exact = part == 0 || element == sizeof(float);
        for (int member = 0; member < _sent.Length; member++)
        {
            HeadShare share = shares[member];
            Span<byte> block = Part(send, _sent, member, part, rows, share, element);
            int first = (part == 0 ? share.QStart : share.KVStart) * model.HeadDim;
            int length = (part == 0 ? share.QCount : share.KVCount) * model.HeadDim;
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> heads = source.Slice((row * stride) + first, length);
                if (exact)
                {
                    heads.CopyTo(MemoryMarshal.Cast<byte, float>(block).Slice(row * length, length));
                }
                else
                {
                    BFloat16Rows.Round(heads, MemoryMarshal.Cast<byte, ushort>(block).Slice(row * length, length));
                }
            }
        }
    }

    /// <summary>All members' rows in the group's order.</summary>
    private Span<float> Unpack(GroupRows rows, in CommRegion receive, int part, int element)
    {
        int length = (part == 0 ? Mine.QCount : Mine.KVCount) * model.HeadDim;
        bool exact = part == 0 || element == sizeof(float);
        Span<float> result = Rows((long)rows.Count * length);
        for (int member = 0; member < _received.Length; member++)
        {
            Span<byte> block = Part(receive, _received, member, part, rows.CountOf(member), Mine, element);
            foreach (RowRun run in rows.RunsOf(member))
            {
                Span<float> place = result.Slice(run.GroupRow * length, run.Count * length);
                if (exact)
                {
                    MemoryMarshal.Cast<byte, float>(block).Slice(run.Row * length, place.Length).CopyTo(place);
                }
                else
                {
                    BFloat16Rows.Widen(MemoryMarshal.Cast<byte, ushort>(block).Slice(run.Row * length, place.Length), place);
                }
            }
        }

        return result;
    }

    /// <summary>Key/value heads as often as this rank's attention needs them; see <see cref="HeadShare.Group"/>.</summary>
    private ReadOnlySpan<float> Repeat(ReadOnlySpan<float> heads, int rows)
    {
        HeadShare share = Mine;
        if (share.LocalKVHeads == share.KVCount)
        {
            return heads;
        }

        long count = (long)rows * share.LocalKVHeads * model.HeadDim;
        _repeated = _repeated.Length < count ? new float[checked((int)count)] : _repeated;
        for (int row = 0; row < rows; row++)
        {
            for (int local = 0; local < share.LocalKVHeads; local++)
            {
                int source = (row * share.KVCount) + share.Source(local, model.QHeads / model.KVHeads);
                heads.Slice(source * model.HeadDim, model.HeadDim)
                    .CopyTo(_repeated.AsSpan(((row * share.LocalKVHeads) + local) * model.HeadDim, model.HeadDim));
            }
        }

        return _repeated.AsSpan(0, (int)count);
    }

    /// <summary>Each member's rows into its block, behind <paramref name="after"/> floats of every head of every row.</summary>
    private void PackStates(ReadOnlySpan<float> source, GroupRows rows, in CommRegion send, int width, int after)
    {
        int length = Mine.QCount * width;
        for (int member = 0; member < _sent.Length; member++)
        {
            int count = rows.CountOf(member);
            Span<float> block = HostMemory.Floats(send.Slice(Before(_sent, member) + ((long)count * Mine.QCount * after), (long)count * length));
            foreach (RowRun run in rows.RunsOf(member))
            {
                source.Slice(run.GroupRow * length, run.Count * length).CopyTo(block[(run.Row * length)..]);
            }
        }
    }

    private ReadOnlySpan<float> UnpackStates(in CommRegion receive, int rows, int width, int after)
    {
        int stride = model.QHeads * width;
        Span<float> result = Rows((long)rows * stride);
        for (int member = 0; member < _received.Length; member++)
        {
            HeadShare share = shares[member];
            int length = share.QCount * width;
            Span<float> block = HostMemory.Floats(
                receive.Slice(Before(_received, member) + ((long)rows * share.QCount * after), (long)rows * length));
            for (int row = 0; row < rows; row++)
            {
                block.Slice(row * length, length).CopyTo(result[((row * stride) + (share.QStart * width))..]);
            }
        }

        return result;
    }

    private static long Before(long[] counts, int member)
    {
        long before = 0;
        for (int i = 0; i < member; i++)
        {
            before += counts[i];
        }

        return before;
    }

    private Span<float> Download(IBackend backend, in Tensor tensor)
    {
        Span<float> result = Rows(tensor.Shape.ElementCount);
        backend.Download(tensor, result);
        return result;
    }

    private Span<float> Rows(long count)
    {
        _rows = _rows.Length < count ? new float[checked((int)count)] : _rows;
        return _rows.AsSpan(0, (int)count);
    }
}
