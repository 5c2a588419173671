using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Communication;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Communication;

/// <summary>Decode over keys that stay where they are: the query travels, states come back and are merged.</summary>
[TestFixture]
internal sealed class ShardedDecodeTests
{
    private const int QRow = RingInput.QHeads * RingInput.HeadDim, KVRow = RingInput.KVHeads * RingInput.HeadDim, PageSize = 16;

    [Test]
    public void LastToken_OverShards_EqualsAttentionInOnePlace(
        [Values(1, 2, 3, 4, 8)] int ranks, [Values(1, 3, 200)] int tokens, [Values] bool zigzag)
    {
        RingInput x = RingInput.Random(tokens, seed: tokens, keyBias: position => position % 64 < 32 ? 40 : -40);
        SequencePartition partition = zigzag ? SequencePartition.Zigzag(tokens, ranks) : SequencePartition.Contiguous(tokens, ranks);
        (double[] expected, double[] expectedLse) = x.Attend();
        float[] output = [];
        float[] lse = [];
        CommTraffic moved = default, merged = default;
        IReadOnlyList<Exception?> thrown = InProcessCluster.Instance.Run(ranks, CommunicatorOptions.Default, c =>
        {
            (float[] o, float[] l) = Decode(c, partition, x);
            if (c.Rank == 0)
            {
                (output, lse, moved, merged) = (o, l, c.Traffic(CommPhase.MoveQuery), c.Traffic(CommPhase.MergeStates));
            }
        });

        Assert.That(thrown, Is.All.Null);
        Assert.That(output, Is.EqualTo(expected[^QRow..]).Within(1e-4));
        Assert.That(lse, Is.EqualTo(expectedLse[^RingInput.QHeads..]).Within(1e-4));

        // (N-1) * (d * b + 4d + 4 * Hq) at the owner, whatever the number of keys.
        Assert.That(moved.BytesSent, Is.EqualTo((ranks - 1) * QRow * 4L));
        Assert.That(merged.BytesReceived, Is.EqualTo((ranks - 1) * ((QRow * 4L) + (RingInput.QHeads * 4L))));
    }

    /// <summary>One layer's attention of the last token; rank 0 owns the query and gets the result.</summary>
    private static (float[] Output, float[] Lse) Decode(ICommunicator c, SequencePartition partition, RingInput x)
    {
        const int state = QRow + RingInput.QHeads;
        using RankMemory memory = new(c);
        CommRegion query = memory.Of(c.Rank == 0 ? x.Q.AsSpan(^QRow..) : new float[QRow]);
        c.Broadcast(query, 0, new CommTag(0, 0, CommPhase.MoveQuery, 0)).Wait();

        CommRegion mine = memory.Floats(state);
        Attend(partition, c.Rank, x, RankMemory.Read(query), RankMemory.Read(mine));
        CommRegion all = memory.Floats(c.Rank == 0 ? state * c.Size : 0);
        long[] send = new long[c.Size];
        send[0] = state;
        long[] receive = new long[c.Size];
        Array.Fill(receive, c.Rank == 0 ? state : 0);
        c.AllToAll(mine, send, all, receive, new CommTag(0, 0, CommPhase.MergeStates, 0)).Wait();
        return c.Rank == 0 ? Merge(RankMemory.Read(all), c.Size) : ([], []);
    }

    /// <summary>The state of the query over a rank's own keys; out, then lse.</summary>
    private static void Attend(SequencePartition partition, int rank, RingInput x, ReadOnlySpan<float> query, Span<float> state)
    {
        int keys = (int)partition.Count(rank);
        if (keys == 0)
        {
            state[QRow..].Fill(float.NegativeInfinity);
            return;
        }

        float[] k = new float[keys * KVRow];
        float[] v = new float[keys * KVRow];
        int local = 0;
        foreach (TokenRun run in partition.Runs(rank))
        {
            (int start, int length) = ((int)run.Start * KVRow, (int)run.Count * KVRow);
            x.K.AsSpan(start, length).CopyTo(k.AsSpan(local));
            x.V.AsSpan(start, length).CopyTo(v.AsSpan(local));
            local += length;
        }

        using CpuBackend backend = new(threads: 1);
        List<TensorStorage> kept = [];
        int[] pages = [.. Enumerable.Range(0, (keys / PageSize) + 1)];
        using KVCacheStorage cache = backend.AllocateKVCache(
            new KVCacheShape(1, pages.Length, PageSize, RingInput.KVHeads, RingInput.HeadDim, DType.F32));
        using AttentionPlan plan = backend.CreatePlan();
        AttentionBatch batch = new() { PageSize = PageSize };
        batch.AddSequence(pages, keys, keys);
        backend.Plan(plan, batch);
        TensorShape shape = new(keys, RingInput.KVHeads, RingInput.HeadDim);
        backend.AppendKV(Upload(backend, kept, k, shape), Upload(backend, kept, v, shape), cache, 0, plan);

        batch.Clear();
        batch.AddSequence(pages, keys, 1);
        batch.AddItem(new AttentionItem(0, 0, 1, 0, keys, AttentionMask.Full, keys - 1));
        backend.Plan(plan, batch);
        Tensor output = Upload(backend, kept, new float[QRow], new TensorShape(1, RingInput.QHeads, RingInput.HeadDim));
        Tensor lse = Upload(backend, kept, new float[RingInput.QHeads], new TensorShape(1, RingInput.QHeads));
        backend.Attention(Upload(backend, kept, query, output.Shape), cache, 0, plan, new AttentionParameters(RingInput.Scale), output, lse);
        backend.Download(output, state[..QRow]);
        backend.Download(lse, state[QRow..]);
        kept.ForEach(s => s.Dispose());
    }

    private static (float[] Output, float[] Lse) Merge(ReadOnlySpan<float> states, int ranks)
    {
        const int state = QRow + RingInput.QHeads;
        using CpuBackend backend = new(threads: 1);
        List<TensorStorage> kept = [];
        TensorShape shape = new(1, RingInput.QHeads, RingInput.HeadDim);
        Tensor output = Upload(backend, kept, states[..QRow], shape);
        Tensor lse = Upload(backend, kept, states[QRow..state], new TensorShape(1, RingInput.QHeads));
        for (int rank = 1; rank < ranks; rank++)
        {
            ReadOnlySpan<float> other = states.Slice(rank * state, state);
            backend.MergeStates(output, lse, Upload(backend, kept, other[..QRow], shape), Upload(backend, kept, other[QRow..], lse.Shape));
        }

        (float[], float[]) result = (output.HostSpan<float>().ToArray(), lse.HostSpan<float>().ToArray());
        kept.ForEach(s => s.Dispose());
        return result;
    }

    /// <summary>A tensor that lives as long as <paramref name="kept"/>.</summary>
    private static Tensor Upload(CpuBackend backend, List<TensorStorage> kept, ReadOnlySpan<float> values, TensorShape shape)
    {
        Tensor tensor = backend.Allocate(DType.F32, shape);
        kept.Add(tensor.Storage);
        backend.Upload(values, tensor);
        return tensor;
    }
}
