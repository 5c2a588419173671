using LongContext.Attention;
using LongContext.Attention.Compression;
using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

[TestFixture]
internal sealed class CompressorTests
{
    private const int QHeads = 4, KVHeads = 2, HeadDim = 8, Layers = 2, Rows = 6, QueryRows = 3;
    private static readonly AttentionModel Model = new(Layers, 32, 64, QHeads, KVHeads, HeadDim, Activation.Silu, RotaryLayout.SplitHalves);

    [Test]
    public void Scores_OfTheQueryAware_AreProductsWithTheQuerysMeanVector()
    {
        using IBackend backend = ModelBackend.Cpu.Create();
        using ICompressor compressor = Compressors.Create(new() { Compressor = CompressorKind.QueryAware }, Model, backend, Rows)!;
        float[] stale = TestData.Normal(QueryRows * QHeads * HeadDim, seed: 9);
        compressor.ReadQuery(1, Upload(backend, stale, QHeads));
        compressor.Begin(); // the prompt before is forgotten
        float[] q = TestData.Normal(QueryRows * QHeads * HeadDim, seed: 1), k = TestData.Normal(Rows * KVHeads * HeadDim, seed: 2);
        compressor.ReadQuery(1, Upload(backend, q[..(QHeads * HeadDim)], QHeads)); // in two pieces
        compressor.ReadQuery(1, Upload(backend, q[(QHeads * HeadDim)..], QHeads));
        compressor.ReadQuery(0, Upload(backend, stale, QHeads)); // another layer's
        float[] scores = Score(compressor, backend, k, layer: 1, firstPosition: 40);

        for (int row = 0; row < Rows; row++)
        {
            for (int head = 0; head < KVHeads; head++)
            {
                double mean = 0; // over query rows and the group's two heads, of q · k
                for (int vector = 0; vector < QueryRows * QHeads; vector++)
                {
                    if (vector % QHeads / 2 == head)
                    {
                        mean += Enumerable.Range(0, HeadDim).Sum(d => (double)q[(vector * HeadDim) + d] * k[(((row * KVHeads) + head) * HeadDim) + d]) / (QueryRows * 2);
                    }
                }

                Assert.That(scores[(row * KVHeads) + head], Is.EqualTo(mean * QueryRows * 2).Within(1e-4)); // the sum: the same order
            }
        }
    }

    [Test]
    public void Scores_OfTheOthers_DependOnThePositionAlone([Values(CompressorKind.Recent, CompressorKind.Random)] CompressorKind kind)
    {
        using IBackend backend = ModelBackend.Cpu.Create();
        using ICompressor compressor = Compressors.Create(new() { Compressor = kind, Seed = 5 }, Model, backend, Rows)!;
        float[] k = TestData.Normal(Rows * KVHeads * HeadDim, seed: 2);
        float[] scores = Score(compressor, backend, k, layer: 1, firstPosition: 40);
        float[] later = Score(compressor, backend, k, layer: 1, firstPosition: 42);
        Assert.That(later[..^(2 * KVHeads)], Is.EqualTo(scores[(2 * KVHeads)..]));
        Assert.That(scores.Distinct().Count(), Is.EqualTo(kind == CompressorKind.Recent ? Rows : Rows * KVHeads));
        if (kind == CompressorKind.Recent)
        {
            Assert.That(scores, Is.Ordered.Ascending);
        }
    }

    [Test]
    public void Create_WithoutAChoice_TakesHeadsWhereThereAreSome()
    {
        Assert.That(Compressors.Resolve(new()), Is.EqualTo(CompressorKind.Distinct));
        Assert.That(Compressors.Resolve(new() { RetainingHeadsPath = "heads" }), Is.EqualTo(CompressorKind.RetainingHeads));
        Assert.That(Compressors.Resolve(new() { RetainingHeadsPath = "heads", Compressor = CompressorKind.None }), Is.EqualTo(CompressorKind.None));
        using IBackend backend = ModelBackend.Cpu.Create();
        Assert.That(Compressors.Create(new() { Compressor = CompressorKind.None }, Model, backend, Rows), Is.Null);
    }

    [Test]
    public void Scores_OfTheDistinct_AreUnlikenessToTheKeysOfTheBlockSoFar([Values(1, 4, 6)] int chunk)
    {
        using IBackend backend = ModelBackend.Cpu.Create();
        using ICompressor compressor = Compressors.Create(new() { Compressor = CompressorKind.Distinct }, Model, backend, Rows)!;
        float[] k = TestData.Normal(Rows * KVHeads * HeadDim, seed: 2), other = TestData.Normal(Rows * KVHeads * HeadDim, seed: 3);
        k.AsSpan(2 * KVHeads * HeadDim, HeadDim).Clear(); // a key of length zero
        Score(compressor, backend, other, layer: 1, firstPosition: 34, blockStart: 34); // the block before
        List<float> scores = [];
        for (int row = 0; row < Rows; row += chunk)
        {
            float[] part = k[(row * KVHeads * HeadDim)..(Math.Min(Rows, row + chunk) * KVHeads * HeadDim)];
            scores.AddRange(Score(compressor, backend, part, layer: 1, firstPosition: 40 + row, blockStart: 40));
            Score(compressor, backend, other, layer: 0, firstPosition: 40, blockStart: 40); // another layer in between
        }

        for (int head = 0; head < KVHeads; head++)
        {
            double[] sum = new double[HeadDim];
            for (int row = 0; row < Rows; row++)
            {
                double[] key = [.. k.Skip(((row * KVHeads) + head) * HeadDim).Take(HeadDim).Select(x => (double)x)];
                double length = Math.Sqrt(key.Sum(x => x * x));
                sum = [.. sum.Zip(key, (s, x) => s + (length > 0 ? x / length : 0))];
                double expected = length > 0 ? -sum.Zip(key, (s, x) => s * x).Sum() / length / Math.Sqrt(sum.Sum(s => s * s)) : 0;
                Assert.That(scores[(row * KVHeads) + head], Is.EqualTo(expected).Within(1e-5), $"row {row}, head {head}");
            }
        }
    }

    private static float[] Score(ICompressor compressor, IBackend backend, float[] k, int layer, int firstPosition, int blockStart = 0)
    {
        float[] scores = new float[k.Length / HeadDim];
        compressor.Score(new LayerRows(layer, firstPosition, blockStart, default, Upload(backend, k, KVHeads), default), scores);
        return scores;
    }

    private static Tensor Upload(IBackend backend, float[] values, int heads)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(values.Length / heads / HeadDim, heads, HeadDim));
        backend.Upload<float>(values, tensor);
        return tensor;
    }
}
