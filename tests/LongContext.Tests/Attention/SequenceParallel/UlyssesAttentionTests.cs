using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Communication;
using LongContext.KVCache;
using LongContext.Tensors;
using LongContext.Tests.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

/// <summary>Any mesh of ranks, any division of four query and two key/value heads: equal to attention in one place, in doubles.</summary>
[TestFixture]
internal sealed class UlyssesAttentionTests
{
    private const int D = RingInput.QHeads * RingInput.HeadDim, K = RingInput.KVHeads * RingInput.HeadDim;
    private static readonly AttentionModel Model = new(
        1, D, D, RingInput.QHeads, RingInput.KVHeads, RingInput.HeadDim, Activation.Silu, RotaryLayout.SplitHalves);

    [Test]
    public void Forward_OfSeveralChunks_EqualsAttentionInOnePlace(
        [Values(2, 3, 4)] int groupSize, [Values(1, 2)] int groups, [Values] bool zigzag, [Values(0, 10)] int start)
    {
        RingInput[] inputs = [RingInput.Random(70, seed: 1), RingInput.Random(37, seed: 2)];
        float[][] outputs = [.. inputs.Select(x => new float[x.Q.Length])];
        float[][] sums = [.. inputs.Select(x => new float[x.Tokens * RingInput.QHeads])];
        Run(inputs, groupSize * groups, groupSize, zigzag, start, DType.F32, (_, placed, row, output, lse) =>
        {
            int to = (int)placed.Run.Start - start, count = (int)placed.Run.Count;
            output.Slice(row * D, count * D).CopyTo(outputs[placed.Chunk].AsSpan(to * D));
            lse.Slice(row * RingInput.QHeads, count * RingInput.QHeads).CopyTo(sums[placed.Chunk].AsSpan(to * RingInput.QHeads));
        });
        for (int i = 0; i < inputs.Length; i++)
        {
            (double[] expected, double[] expectedLse) = inputs[i].Attend();
            Assert.That(outputs[i], Is.EqualTo(expected).Within(1e-4));
            if (start > 0) // where nothing was before, nobody merges and no lse is sent
            {
                Assert.That(sums[i], Is.EqualTo(expectedLse).Within(1e-4));
            }
        }
    }

    [Test]
    public void Forward_MovesWhatTheFormulasSay(
        [Values(2, 4)] int groupSize, [Values(1, 2)] int groups, [Values(0, 64)] int start, [Values(DType.F32, DType.BF16)] DType type)
    {
        const int tokens = 128;
        int ranks = groupSize * groups, rows = tokens / ranks, b = type == DType.F32 ? 4 : 2;
        CommTraffic[,] traffic = new CommTraffic[ranks, 3];
        Run([RingInput.Random(tokens, seed: 3)], ranks, groupSize, zigzag: true, start, type, (c, _, _, _, _) =>
        {
            (traffic[c.Rank, 0], traffic[c.Rank, 1], traffic[c.Rank, 2]) =
                (c.Traffic(CommPhase.ScatterHeads), c.Traffic(CommPhase.GatherHeads), c.Traffic(CommPhase.RingKeyValue));
        });
        long scatter = (groupSize - 1) * rows * ((4L * D) + (2 * b * Math.Max(K, groupSize * RingInput.HeadDim))) / groupSize;
        long gather = (groupSize - 1) * rows * ((4L * D) + (start > 0 ? 4 * RingInput.QHeads : 0)) / groupSize;
        long ring = (groups - 1L) * (tokens / groups) * 2 * Math.Max(K / groupSize, RingInput.HeadDim) * b;
        for (int rank = 0; rank < ranks; rank++)
        {
            Assert.That(traffic[rank, 0], Is.EqualTo(new CommTraffic(1, scatter, scatter)));
            Assert.That(traffic[rank, 1], Is.EqualTo(new CommTraffic(1, gather, gather)));
            Assert.That((traffic[rank, 2].BytesSent, traffic[rank, 2].BytesReceived), Is.EqualTo((ring, ring)));
        }
    }

    private delegate void Store(ICommunicator communicator, PlacedRun placed, int row, ReadOnlySpan<float> output, ReadOnlySpan<float> lse);

    private static void Run(RingInput[] inputs, int ranks, int groupSize, bool zigzag, int start, DType type, Store store)
    {
        SequenceParallelLayout layout = new(zigzag ? SequencePartition.Zigzag : SequencePartition.Contiguous, DecodePlacement.Balanced);
        IReadOnlyList<Exception?> thrown = InProcessCluster.Instance.Run(ranks, CommunicatorOptions.Default, c =>
        {
            PagedKVCache pages = new(64, 64, PrefixReuse.Disabled);
            RankRows rows = new(ranks, layout);
            rows.Place([.. inputs.Select((x, i) => Chunk(i, x.Tokens, start, new ShardedSequence(i, c.Rank, ranks, pages)))]);
            using CpuBackend backend = new(threads: 1);
            using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, 1, 64, RingInput.KVHeads, RingInput.HeadDim, type));
            using AttentionPlan plan = backend.CreatePlan();
            using UlyssesAttention attention = new(c, groupSize, Model, null);
            AttentionContext context = new(backend, cache, plan, 0, new AttentionParameters(RingInput.Scale), default, default, Model.RotaryLayout);
            int count = rows.Spread(c.Rank);
            Tensor q = Fill(backend, rows.Of(c.Rank), count, start, RingInput.QHeads, chunk => inputs[chunk].Q);
            Tensor k = Fill(backend, rows.Of(c.Rank), count, start, RingInput.KVHeads, chunk => inputs[chunk].K);
            Tensor v = Fill(backend, rows.Of(c.Rank), count, start, RingInput.KVHeads, chunk => inputs[chunk].V);
            Tensor output = backend.Allocate(DType.F32, q.Shape);
            Tensor lse = backend.Allocate(DType.F32, new TensorShape(count, RingInput.QHeads));
            attention.BeginStep(rows, 1);
            attention.Forward(context, q, k, v, output, lse);
            int row = 0;
            foreach (PlacedRun placed in rows.Of(c.Rank))
            {
                store(c, placed, row, output.HostSpan<float>(), lse.HostSpan<float>());
                row += (int)placed.Run.Count;
            }

            foreach (Tensor tensor in (Tensor[])[q, k, v, output, lse])
            {
                tensor.Storage.Dispose();
            }
        });
        Assert.That(thrown, Is.All.Null);
    }

    private static StepChunk Chunk(int index, int tokens, int start, ShardedSequence shards) =>
        new(index, default, 0, 0, start, tokens, 0, 0, shards.Pages, shards);

    private static Tensor Fill(IBackend backend, ReadOnlySpan<PlacedRun> runs, int count, int start, int heads, Func<int, float[]> source)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(count, heads, RingInput.HeadDim));
        Span<float> target = tensor.HostSpan<float>();
        int width = heads * RingInput.HeadDim;
        foreach (PlacedRun placed in runs)
        {
            source(placed.Chunk).AsSpan(((int)placed.Run.Start - start) * width, (int)placed.Run.Count * width).CopyTo(target);
            target = target[((int)placed.Run.Count * width)..];
        }

        return tensor;
    }
}
