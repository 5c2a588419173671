using LongContext.Backends;
using LongContext.Tensors;
using LongContext.Tests.Shared.Reference;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

internal abstract partial class BackendConformance
{
    [TestCase(1, 8)]
    [TestCase(5, 172)]
    [TestCase(3, 64)]
    [TestCase(40, 1030)]
    [TestCase(2, 3)]
    public void RmsNorm_EveryRow_IsDividedByItsRootMeanSquare(int rows, int n)
    {
        float[] x = TestData.Normal(rows * n, seed: 31, spread: 3);
        float[] w = TestData.Normal(n, seed: 32);
        double[] expected = new double[rows * n];
        for (int row = 0; row < rows; row++)
        {
            double square = Enumerable.Range(row * n, n).Sum(i => (double)x[i] * x[i]) / n;
            for (int i = row * n; i < (row + 1) * n; i++)
            {
                expected[i] = x[i] / Math.Sqrt(square + 1e-5) * w[i % n];
            }
        }

        Tensor weight = Upload(w, new TensorShape(n));
        Tensor input = Upload(x, new TensorShape(rows, n));
        Tensor output = Empty(new TensorShape(rows, n));
        Backend.RmsNorm(input, weight, 1e-5f, output);
        AssertClose(Download(output), expected, absolute: 1e-6, relative: 1e-6);
        Backend.RmsNorm(input, weight, 1e-5f, input);
        Assert.That(Download(input), Is.EqualTo(Download(output)), "in place");
    }

    [Test]
    public void RmsNorm_ThreeDimensions_NormsTheLast()
    {
        float[] x = TestData.Normal(2 * 3 * 16, seed: 33);
        Tensor weight = Upload(TestData.Normal(16, seed: 34), new TensorShape(16));
        Tensor cube = Upload(x, new TensorShape(2, 3, 16));
        Tensor flat = Upload(x, new TensorShape(6, 16));
        Backend.RmsNorm(cube, weight, 1e-6f, cube);
        Backend.RmsNorm(flat, weight, 1e-6f, flat);
        Assert.That(Download(cube), Is.EqualTo(Download(flat)));
    }

    [Test]
    public void Rotary_EachPair_IsTurnedByItsAngle(
        [Values] RotaryLayout layout, [Values(8, 40, 64)] int headDim, [Values(0, 4)] int featuresLeft)
    {
        const int tokens = 5, heads = 3;
        int pairs = (headDim - featuresLeft) / 2;
        float[] x = TestData.Normal(tokens * heads * headDim, seed: 41);
        float[] angles = TestData.Normal(tokens * pairs, seed: 42, spread: 2);
        double[] expected = [.. x.Select(v => (double)v)];
        for (int row = 0; row < tokens * heads; row++)
        {
            for (int i = 0; i < pairs; i++)
            {
                (int first, int second) = layout == RotaryLayout.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + pairs);
                (first, second) = (first + (row * headDim), second + (row * headDim));
                double angle = angles[(row / heads * pairs) + i];
                expected[first] = (x[first] * Math.Cos(angle)) - (x[second] * Math.Sin(angle));
                expected[second] = (x[first] * Math.Sin(angle)) + (x[second] * Math.Cos(angle));
            }
        }

        TensorShape table = new(tokens, pairs);
        Tensor values = Upload(x, new TensorShape(tokens, heads, headDim));
        Tensor cos = Upload([.. angles.Select(a => (float)Math.Cos(a))], table);
        Tensor sin = Upload([.. angles.Select(a => (float)Math.Sin(a))], table);
        Backend.Rotary(values, cos, sin, layout);
        AssertClose(Download(values), expected, absolute: 1e-6);
    }

    [Test]
    public void GatedActivation_WholeRange_IsActivationTimesUp([Values] Activation activation, [Values(1, 13, 5000)] int count)
    {
        float[] gate = TestData.Normal(count, seed: 51, spread: 4);
        gate[0] = -100;
        gate[count - 1] = count > 1 ? 100 : -100;
        gate[count / 2] = 1e-6f;
        float[] up = TestData.Normal(count, seed: 52);
        double[] expected = [.. gate.Select((g, i) => ReferenceMath.Activate(g, activation) * up[i])];
        TensorShape shape = new(1, count);
        (Tensor g, Tensor u, Tensor output) = (Upload(gate, shape), Upload(up, shape), Empty(shape));
        Backend.GatedActivation(g, u, activation, output);
        AssertClose(Download(output), expected, absolute: 1e-6, relative: 1e-6);
        Backend.GatedActivation(g, u, activation, g);
        Assert.That(Download(g), Is.EqualTo(Download(output)), "over the gate");
    }

    [TestCase(1, 7)]
    [TestCase(9, 1000)]
    public void Add_TwoTensors_IsTheirSum(int rows, int columns)
    {
        (float[] x, float[] y) = (TestData.Normal(rows * columns, seed: 61), TestData.Normal(rows * columns, seed: 62));
        TensorShape shape = new(rows, columns);
        (Tensor a, Tensor b) = (Upload(x, shape), Upload(y, shape));
        Backend.Add(a, b, a);
        Assert.That(Download(a), Is.EqualTo(x.Zip(y, (p, q) => p + q)));
    }

    [Test]
    public void SoftCap_WholeRange_IsCapTimesTanh([Values(30f, 50f)] float cap)
    {
        float[] x = [.. TestData.Normal(101, seed: 71, spread: 40), -1e9f, 1e9f, 0, 1e-3f];
        Tensor tensor = Upload(x, new TensorShape(1, x.Length));
        Backend.SoftCap(tensor, cap);
        AssertClose(Download(tensor), [.. x.Select(v => cap * Math.Tanh((double)v / cap))], absolute: 0, relative: 5e-7);
    }

    [Test]
    public void GatherRows_ChosenRows_AreCopiedInOrder()
    {
        float[] x = TestData.Normal(6 * 5, seed: 91);
        Tensor output = Empty(new TensorShape(4, 5));
        Backend.GatherRows(Upload(x, new TensorShape(6, 5)), Upload([5, 0, 5, 2]), output);
        Assert.That(Download(output), Is.EqualTo((float[])[.. x[25..30], .. x[0..5], .. x[25..30], .. x[10..15]]));
    }

    [Test]
    public void GatherRows_RowOutsideTheTensor_IsRefused([Values(-1, 6)] int row)
    {
        Tensor x = Empty(new TensorShape(6, 5));
        Assert.That(() => Backend.GatherRows(x, Upload([row]), Empty(new TensorShape(1, 5))), Throws.InstanceOf<ArgumentException>());
    }
}
