using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>Sequences with known queries, keys and values, run through a backend's pages in steps of any size, and the answer in doubles.</summary>
internal sealed class AttentionScenario
{
    private const int Layers = 2, Layer = 1;

    private readonly Dictionary<(int, int, int, int), float[]> _vectors = [];

    internal required int[] Lengths { get; init; }

    internal int QHeads { get; init; } = 4;

    internal int KVHeads { get; init; } = 2;

    internal int HeadDim { get; init; } = 64;

    internal int PageSize { get; init; } = 64;

    internal DType Type { get; init; } = DType.F32;

    internal AttentionParameters Parameters { get; init; } = new(0.125f);

    internal AttentionMask Mask { get; init; } = AttentionMask.Causal;

    /// <summary>Keys before this one are outside every item.</summary>
    internal int KeyStart { get; init; }

    /// <summary>Keys from <see cref="KeyStart"/> on that items have; the rest is outside.</summary>
    internal int KeyCount { get; init; } = int.MaxValue / 2;

    /// <summary>Queries this large make one key win.</summary>
    internal double Spread { get; init; } = 1;

    /// <summary>What the backend makes of a query times scale · log₂e (or scale / cap) before it multiplies; null for nothing.</summary>
    internal Func<float, float>? QueryRounding { get; init; }

    /// <summary>Whether the backend makes bytes of a query, as of keys.</summary>
    internal bool HasQueriesInBytes { get; init; }

    /// <summary>Sees the cache before anything is written to it.</summary>
    internal Action<KVCacheStorage>? Prepare { get; init; }

    /// <summary>Sees the cache after everything was written to it.</summary>
    internal Action<KVCacheStorage>? Finish { get; init; }

    /// <summary>Runs every sequence through the cache, all together, <paramref name="chunk"/> tokens of each a step.</summary>
    /// <returns>Output and lse of every token of every sequence, sequence after sequence.</returns>
    internal (float[] Output, float[] Lse) Run(IBackend backend, int chunk) =>
        Run(backend, chunk, [.. Enumerable.Range(0, Lengths.Length)]);

    /// <summary>The same for some of the sequences; the others' results stay 0.</summary>
    internal (float[] Output, float[] Lse) Run(IBackend backend, int chunk, int[] sequences)
    {
        int[] pageCounts = [.. Lengths.Select(n => (n + PageSize - 1) / PageSize)];
        int[] pages = [.. Enumerable.Range(0, pageCounts.Sum() + 3)];
        new Random(5).Shuffle(pages);
        int rowLength = QHeads * HeadDim;
        float[] output = new float[Lengths.Sum() * rowLength];
        float[] lse = new float[Lengths.Sum() * QHeads];
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(Layers, pages.Length, PageSize, KVHeads, HeadDim, Type));
        Prepare?.Invoke(cache);
        using AttentionPlan plan = backend.CreatePlan();
        AttentionBatch batch = new() { PageSize = PageSize };
        for (int done = 0; sequences.Any(s => Lengths[s] > done); done += chunk)
        {
            batch.Clear();
            List<(int Sequence, int Count)> step = [.. sequences.Where(s => Lengths[s] > done).Select(s => (s, Math.Min(chunk, Lengths[s] - done)))];
            foreach ((int s, int count) in step)
            {
                int firstPage = pageCounts.Take(s).Sum();
                int start = batch.TokenCount;
                int index = batch.AddSequence(pages.AsSpan(firstPage, pageCounts[s]), done + count, count);
                int keyStart = Math.Min(KeyStart, done + count);
                batch.AddItem(new AttentionItem(index, start, count, keyStart, Math.Min(KeyCount, done + count - keyStart), Mask, done));
            }

            backend.Plan(plan, batch);
            Step(backend, cache, plan, step, done, output, lse);
        }

        Finish?.Invoke(cache);
        return (output, lse);
    }

    /// <summary>The answer; under <see cref="AttentionMask.Full"/> for steps of <paramref name="chunk"/> tokens.</summary>
    internal (double[] Output, double[] Lse) Expected(int chunk)
    {
        List<double> output = [];
        List<double> lse = [];
        for (int s = 0; s < Lengths.Length; s++)
        {
            for (int token = 0; token < Lengths[s]; token++)
            {
                int end = Mask == AttentionMask.Causal ? token + 1 : Math.Min(Lengths[s], ((token / chunk) + 1) * chunk);
                end = Math.Min(end, KeyStart + KeyCount);
                int start = Math.Max(KeyStart, Parameters.Window > 0 ? token - Parameters.Window + 1 : 0);
                for (int head = 0; head < QHeads; head++)
                {
                    output.AddRange(Attend(s, token, head, start, end, out double sum));
                    lse.Add(sum);
                }
            }
        }

        return ([.. output], [.. lse]);
    }

    private void Step(
        IBackend backend, KVCacheStorage cache, AttentionPlan plan, List<(int Sequence, int Count)> step, int done, float[] output, float[] lse)
    {
        int tokens = step.Sum(x => x.Count);
        Tensor q = Tensor(backend, step, done, QHeads, Query);
        Tensor k = Tensor(backend, step, done, KVHeads, Key);
        Tensor v = Tensor(backend, step, done, KVHeads, Value);
        Tensor result = backend.Allocate(DType.F32, new TensorShape(tokens, QHeads, HeadDim));
        Tensor sums = backend.Allocate(DType.F32, new TensorShape(tokens, QHeads));
        backend.AppendKV(k, v, cache, Layer, plan);
        backend.Attention(q, cache, Layer, plan, Parameters, result, sums);
        float[] stepOutput = new float[result.Shape.ElementCount];
        float[] stepLse = new float[sums.Shape.ElementCount];
        backend.Download(result, stepOutput);
        backend.Download(sums, stepLse);
        int row = 0;
        foreach ((int s, int count) in step)
        {
            int target = Lengths.Take(s).Sum() + done;
            Array.Copy(stepOutput, row * QHeads * HeadDim, output, target * QHeads * HeadDim, count * QHeads * HeadDim);
            Array.Copy(stepLse, row * QHeads, lse, target * QHeads, count * QHeads);
            row += count;
        }

        foreach (Tensor tensor in (Tensor[])[q, k, v, result, sums])
        {
            tensor.Storage.Dispose();
        }
    }

    private Tensor Tensor(
        IBackend backend, List<(int Sequence, int Count)> step, int done, int heads, Func<int, int, int, float[]> vector)
    {
        List<float> values = [];
        foreach ((int s, int count) in step)
        {
            for (int token = done; token < done + count; token++)
            {
                for (int head = 0; head < heads; head++)
                {
                    values.AddRange(vector(s, token, head));
                }
            }
        }

        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(step.Sum(x => x.Count), heads, HeadDim));
        backend.Upload<float>([.. values], tensor);
        return tensor;
    }

    private double[] Attend(int s, int token, int head, int start, int end, out double lse)
    {
        double[] result = new double[HeadDim];
        lse = double.NegativeInfinity;
        if (start >= end)
        {
            return result;
        }

        double[] query = ScaledQuery(s, token, head);
        double[] scores = new double[end - start];
        for (int key = start; key < end; key++)
        {
            float[] vector = Stored(1, s, key, head * KVHeads / QHeads);
            double dot = 0;
            for (int d = 0; d < HeadDim; d++)
            {
                dot += query[d] * vector[d];
            }

            scores[key - start] = Parameters.SoftCap > 0 ? Parameters.SoftCap * Math.Tanh(dot / Parameters.SoftCap) : dot;
        }

        double max = scores.Max();
        lse = max + Math.Log(scores.Sum(x => Math.Exp(x - max)));
        for (int key = start; key < end; key++)
        {
            double weight = Math.Exp(scores[key - start] - lse);
            float[] value = Stored(2, s, key, head * KVHeads / QHeads);
            for (int d = 0; d < HeadDim; d++)
            {
                result[d] += weight * value[d];
            }
        }

        return result;
    }

    /// <summary>A query times the scale, by way of what the backend multiplies with.</summary>
    private double[] ScaledQuery(int s, int token, int head)
    {
        float[] query = Query(s, token, head);
        if (HasQueriesInBytes)
        {
            return ReferenceKVCache.RoundToBytes([.. query.Select(x => (double)x * Parameters.Scale)], isTurned: true);
        }

        if (QueryRounding is null)
        {
            return [.. query.Select(x => (double)x * Parameters.Scale)];
        }

        float factor = Parameters.SoftCap > 0 ? Parameters.Scale / Parameters.SoftCap : Parameters.Scale * 1.44269504f;
        double back = Parameters.SoftCap > 0 ? Parameters.SoftCap : Math.Log(2);
        return [.. query.Select(x => QueryRounding(x * factor) * back)];
    }

    private float[] Query(int s, int token, int head) => Cached(0, s, token, head, Spread);

    private float[] Key(int s, int token, int head) => Cached(1, s, token, head, 1);

    private float[] Value(int s, int token, int head) => Cached(2, s, token, head, 1);

    private float[] Cached(int kind, int s, int token, int head, double spread)
    {
        if (!_vectors.TryGetValue((kind, s, token, head), out float[]? vector))
        {
            vector = TestData.Normal(HeadDim, HashCode(kind, s, token, head), spread);
            _vectors.Add((kind, s, token, head), vector);
        }

        return vector;
    }

    private static int HashCode(int kind, int s, int token, int head) => (((((kind * 31) + s) * 20_011) + token) * 67) + head;

    /// <summary>A key or value as the cache keeps it.</summary>
    private float[] Stored(int kind, int s, int token, int head)
    {
        float[] vector = Cached(kind, s, token, head, 1);
        if (Type == DType.F32)
        {
            return vector;
        }

        if (!_vectors.TryGetValue((kind + 2, s, token, head), out float[]? rounded))
        {
            rounded = ReferenceKVCache.Rounded(vector, Type, isKey: kind == 1);
            _vectors.Add((kind + 2, s, token, head), rounded);
        }

        return rounded;
    }
}
