using LongContext.Attention;
using LongContext.Attention.Compression;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.KVCache;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;

namespace LongContext.Tests.Attention;

/// <summary>Runs prompts through the method layer for layer without a model: a row's vectors are a function of its token and the layer. Answers in doubles beside.</summary>
internal sealed class ApbRig(ApproximateAttentionOptions options, AttentionMethod kind = AttentionMethod.Apb)
{
    internal const int QHeads = 4, KVHeads = 2, HeadDim = 8, PageSize = 16, Layers = 2, ScratchPageCount = 40, OwnPages = 40;
    private const double Scale = 0.4, Theta = 50;

    internal static readonly AttentionModel Model = new(Layers, 32, 64, QHeads, KVHeads, HeadDim, Activation.Silu, RotaryLayout.SplitHalves);

    private readonly Dictionary<int, double[][]> _vectors = [];

    /// <summary>What chooses; null: nothing is passed on.</summary>
    internal TableCompressor? Compressor { get; init; } = new(KVHeads, poolingWidth: 5, seed: 3);

    internal ModelBackend Backend { get; init; } = ModelBackend.Cpu;

    /// <summary>Runs a prompt in chunks; distinct token ids make rows distinct.</summary>
    /// <returns>The last layer's output of every position, [qHeads · headDim] each.</returns>
    internal float[][] Run(int[] prompt, int contextLength, int chunk, int anchorRows = 32, KeySelection? selection = null) =>
        Run(
            backend => new ApbAttention(
                new ApproximateReading(kind, options, Model, PageSize), Model, kind == AttentionMethod.Star ? null : Compressor, backend,
                new ScratchPages(OwnPages, PageSize), anchorRows),
            prompt, contextLength, chunk, selection, null);

    /// <summary>Runs a prompt with exact attention, measured; as often as is wanted, as if its pages had been lost in between.</summary>
    internal float[][] RunExactly(int[] prompt, int contextLength, int chunk, KeyRecallMeter? recall, int times = 1) =>
        Run(_ => new FullAttention(), prompt, contextLength, chunk, null, recall, times);

    private float[][] Run(
        Func<IBackend, IAttentionMethod> create, int[] prompt, int contextLength, int chunk, KeySelection? selection, KeyRecallMeter? recall,
        int times = 1)
    {
        using IBackend backend = Backend.Create();
        using KVCacheStorage cache = backend.AllocateKVCache(
            new KVCacheShape(Layers, OwnPages + ScratchPageCount, PageSize, KVHeads, HeadDim, DType.F32));
        IAttentionMethod method = create(backend);
        using IDisposable? disposable = method as IDisposable;
        PageTable pages = new();
        foreach (int page in ShuffledPages())
        {
            pages.Add(page);
        }

        float[][] outputs = new float[prompt.Length][];
        StepRows rows = new(PageSize);
        foreach (int start in Enumerable.Repeat(Enumerable.Range(0, (prompt.Length + chunk - 1) / chunk), times).SelectMany(starts => starts.Select(i => i * chunk)))
        {
            int count = Math.Min(chunk, prompt.Length - start);
            StepChunk[] chunks = [new(7, prompt, contextLength, prompt.Length, start, count, 0, count, pages, Selection: selection, Recall: recall)];
            bool more = true;
            for (int pass = 0; more; pass++)
            {
                rows.Clear();
                more = method.LayOut(chunks, pass, rows);
                float[] output = Forward(backend, cache, method, rows);
                for (int i = 0; i < rows.Outputs.Length; i++)
                {
                    outputs[start + rows.Outputs[i]] = output.AsSpan(rows.OutputRows[i] * QHeads * HeadDim, QHeads * HeadDim).ToArray();
                }
            }
        }

        recall?.Dispose(); // what it holds is the backend's
        return outputs;
    }

    /// <summary>Attention of one row of one head over the keys of (token, position) pairs, by the definition.</summary>
    internal double[] Attend(int layer, (int Token, int Position) row, int head, IReadOnlyList<(int Token, int Position)> keys)
    {
        int kvHead = head / (QHeads / KVHeads);
        double[] weights = Weights(layer, row, head, keys);
        return [.. Enumerable.Range(0, HeadDim).Select(d =>
            keys.Select((key, i) => weights[i] * Vector(key.Token, layer, 2, kvHead)[d]).Sum() / weights.Sum())];
    }

    /// <summary>The weights of that before they are divided by their sum.</summary>
    internal double[] Weights(int layer, (int Token, int Position) row, int head, IReadOnlyList<(int Token, int Position)> keys)
    {
        double[] q = Turn(Vector(row.Token, layer, 0, head), row.Position);
        int kvHead = head / (QHeads / KVHeads);
        return [.. keys.Select(key => Math.Exp(Scale * q.Zip(Turn(Vector(key.Token, layer, 1, kvHead), key.Position), (a, b) => a * b).Sum()))];
    }

    private static int[] ShuffledPages()
    {
        int[] pages = [.. Enumerable.Range(0, OwnPages)];
        new Random(5).Shuffle(pages);
        return pages;
    }

    private float[] Forward(IBackend backend, KVCacheStorage cache, IAttentionMethod method, StepRows rows)
    {
        int count = rows.TokenIds.Length;
        int[] tokens = rows.TokenIds.ToArray(), positions = rows.Positions.ToArray();
        using AttentionPlan plan = backend.CreatePlan();
        method.AddItems(rows.Batch);
        backend.Plan(plan, rows.Batch);
        Tensor cos = Angles(backend, positions, Math.Cos), sin = Angles(backend, positions, Math.Sin);
        Tensor output = backend.Allocate(DType.F32, new TensorShape(count, QHeads, HeadDim));
        for (int layer = 0; layer < Layers; layer++)
        {
            AttentionContext context = new(backend, cache, plan, layer, new AttentionParameters((float)Scale), cos, sin, RotaryLayout.SplitHalves);
            method.Forward(
                context, Rows(backend, tokens, layer, 0, QHeads), Rows(backend, tokens, layer, 1, KVHeads), Rows(backend, tokens, layer, 2, KVHeads), output);
        }

        float[] result = new float[count * QHeads * HeadDim];
        backend.Download(output, result);
        return result;
    }

    private Tensor Rows(IBackend backend, int[] tokens, int layer, int part, int heads)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(tokens.Length, heads, HeadDim));
        float[] values = [.. tokens.SelectMany(t => Enumerable.Range(0, heads).SelectMany(h => Vector(t, layer, part, h))).Select(x => (float)x)];
        backend.Upload<float>(values, tensor);
        return tensor;
    }

    private static Tensor Angles(IBackend backend, int[] positions, Func<double, double> of)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(positions.Length, HeadDim / 2));
        float[] values = [.. positions.SelectMany(p => Enumerable.Range(0, HeadDim / 2).Select(pair => (float)of(Angle(p, pair))))];
        backend.Upload<float>(values, tensor);
        return tensor;
    }

    private static double Angle(int position, int pair) => position * Math.Pow(Theta, -2.0 * pair / HeadDim);

    private static double[] Turn(double[] x, int position)
    {
        double[] turned = new double[HeadDim];
        for (int pair = 0; pair < HeadDim / 2; pair++)
        {
            (double sin, double cos) = Math.SinCos(Angle(position, pair));
            (double a, double b) = (x[pair], x[pair + (HeadDim / 2)]);
            (turned[pair], turned[pair + (HeadDim / 2)]) = ((a * cos) - (b * sin), (a * sin) + (b * cos));
        }

        return turned;
    }

    /// <summary>q (0), k (1) or v (2) of a token in a layer, before the rotary embedding.</summary>
    private double[] Vector(int token, int layer, int part, int head)
    {
        int key = (token * Layers) + layer;
        if (!_vectors.TryGetValue(key, out double[][]? all))
        {
            float[] values = TestData.Normal((QHeads + (2 * KVHeads)) * HeadDim, key + 1);
            all = [.. values.Chunk(HeadDim).Select(c => c.Select(x => (double)x).ToArray())];
            _vectors.Add(key, all);
        }

        return all[(part == 0 ? 0 : QHeads + ((part - 1) * KVHeads)) + head];
    }
}
