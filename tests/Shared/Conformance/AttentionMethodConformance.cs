using LongContext.Attention;
using LongContext.Backends;
using LongContext.Tensors;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>What an exact attention method must compute, over any backend, page order and cut into chunks: one class per method derives.</summary>
internal abstract class AttentionMethodConformance
{
    private const int QHeads = 4, KVHeads = 2, HeadDim = 16, PageSize = 16;
    private const double Scale = 0.25, Theta = 100;
    private static readonly int[] Lengths = [37, 5, 64];

    [Test]
    public void Forward_RaggedChunksOverShuffledPages_IsDenseCausalAttentionOfTurnedHeads(
        [Values] ModelBackend kind, [Values] RotaryLayout layout, [Values(1, 7, 100)] int chunk, [Values(0, 9)] int window)
    {
        using IBackend backend = kind.Create();
        using AttentionPlan plan = backend.CreatePlan();
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, 16, PageSize, KVHeads, HeadDim, DType.F32));
        IAttentionMethod method = Create();
        int[][] pages = [[9, 2, 14], [5], [0, 11, 7, 3]];
        float[][] q = Random(QHeads, seed: 1), k = Random(KVHeads, seed: 2), v = Random(KVHeads, seed: 3);
        for (int start = 0; start < Lengths.Max(); start += chunk)
        {
            AttentionBatch batch = new() { PageSize = PageSize };
            List<(int Sequence, int Position)> rows = [];
            for (int s = 0; s < Lengths.Length; s++)
            {
                int end = Math.Min(start + chunk, Lengths[s]);
                if (end > start)
                {
                    batch.AddSequence(pages[s], end, end - start);
                    rows.AddRange(Enumerable.Range(start, end - start).Select(position => (s, position)));
                }
            }

            method.AddItems(batch);
            backend.Plan(plan, batch);
            Tensor output = backend.Allocate(DType.F32, new TensorShape(rows.Count, QHeads, HeadDim));
            AttentionContext context = new(
                backend, cache, plan, 0, new AttentionParameters((float)Scale, Window: window), Angles(backend, rows, Math.Cos),
                Angles(backend, rows, Math.Sin), layout);
            method.Forward(context, Rows(backend, q, QHeads, rows), Rows(backend, k, KVHeads, rows), Rows(backend, v, KVHeads, rows), output);

            double[] expected = [.. rows.SelectMany(row => Dense(q[row.Sequence], k[row.Sequence], v[row.Sequence], row.Position, window, layout))];
            float[] computed = new float[expected.Length];
            backend.Download(output, computed);
            Assert.That(computed.Select(x => (double)x), Is.EqualTo(expected).Within(1e-5));
        }
    }

    private protected abstract IAttentionMethod Create();

    private static float[][] Random(int heads, int seed) =>
        [.. Lengths.Select((length, s) => TestData.Normal((long)length * heads * HeadDim, (10 * seed) + s))];

    private static Tensor Rows(IBackend backend, float[][] x, int heads, List<(int Sequence, int Position)> rows)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(rows.Count, heads, HeadDim));
        float[] values = [.. rows.SelectMany(row => x[row.Sequence].Skip(row.Position * heads * HeadDim).Take(heads * HeadDim))];
        backend.Upload<float>(values, tensor);
        return tensor;
    }

    private static Tensor Angles(IBackend backend, List<(int Sequence, int Position)> rows, Func<double, double> of)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(rows.Count, HeadDim / 2));
        float[] values = [.. rows.SelectMany(row => Enumerable.Range(0, HeadDim / 2).Select(pair => (float)of(Angle(row.Position, pair))))];
        backend.Upload<float>(values, tensor);
        return tensor;
    }

    private static double Angle(int position, int pair) => position * Math.Pow(Theta, -2.0 * pair / HeadDim);

    /// <summary>One row's heads by the definition: turn, all scores, softmax, weighted sum.</summary>
    private static IEnumerable<double> Dense(float[] q, float[] k, float[] v, int position, int window, RotaryLayout layout)
    {
        for (int head = 0; head < QHeads; head++)
        {
            int kvHead = head / (QHeads / KVHeads);
            double[] query = Turned(q, QHeads, position, head, layout);
            int first = window == 0 ? 0 : Math.Max(0, position - window + 1);
            double[] weights =
            [
                .. Enumerable.Range(first, position - first + 1).Select(key =>
                    Math.Exp(Scale * query.Zip(Turned(k, KVHeads, key, kvHead, layout), (a, b) => a * b).Sum())),
            ];
            for (int i = 0; i < HeadDim; i++)
            {
                yield return weights.Select((w, key) => w * v[((((first + key) * KVHeads) + kvHead) * HeadDim) + i]).Sum() / weights.Sum();
            }
        }
    }

    private static double[] Turned(float[] x, int heads, int position, int head, RotaryLayout layout)
    {
        double[] turned = new double[HeadDim];
        for (int pair = 0; pair < HeadDim / 2; pair++)
        {
            (int one, int two) = layout == RotaryLayout.SplitHalves ? (pair, pair + (HeadDim / 2)) : (2 * pair, (2 * pair) + 1);
            double a = x[(((position * heads) + head) * HeadDim) + one];
            double b = x[(((position * heads) + head) * HeadDim) + two];
            (double sin, double cos) = Math.SinCos(Angle(position, pair));
            (turned[one], turned[two]) = ((a * cos) - (b * sin), (a * sin) + (b * cos));
        }

        return turned;
    }
}
