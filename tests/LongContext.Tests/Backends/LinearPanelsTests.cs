using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Q8_0 weights in panels are the file's weights: the same numbers, and products with the very bits of the stated arithmetic.</summary>
[TestFixture]
internal sealed unsafe class LinearPanelsTests
{
    [SetUp]
    public void NeedsTheInstructions() => Assume.That(Int8Kernels.Find(), Is.Not.Null, "another machine");

    [Test]
    public void Import_LaysOutOnlyWholePanelsOfQ8_0()
    {
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto), exact = new(threads: 1);
        Assert.That(Layout(backend, TestData.Weight(DType.Q8_0, 64, 96, seed: 1)), Is.EqualTo(MatrixLayout.Panels));
        Assert.That(Layout(backend, TestData.Weight(DType.Q8_0, 63, 96, seed: 1)), Is.EqualTo(MatrixLayout.Rows));
        Assert.That(Layout(backend, TestData.Weight(DType.Q4_0, 64, 96, seed: 1)), Is.EqualTo(MatrixLayout.Rows));
        Assert.That(Layout(exact, TestData.Weight(DType.Q8_0, 64, 96, seed: 1)), Is.EqualTo(MatrixLayout.Rows), "float32 decodes rows");
    }

    [Test]
    public void Panels_TakeTheBytesOfTheRows_OnWholeCacheLines([Values(32, 4128)] int features)
    {
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto);
        Tensor weight = TestData.Weight(DType.Q8_0, 96, features, seed: 1);
        Tensor packed = backend.ImportWeight(weight);
        Assert.That(packed.ByteCount, Is.EqualTo(weight.ByteCount));
        Assert.That((long)packed.HostPointer % 64, Is.Zero);
        packed.Storage.Dispose();
    }

    [Test]
    public void Embedding_OfARowInPanels_IsTheRow([Values(32, 160)] int features)
    {
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto);
        Tensor weight = TestData.Weight(DType.Q8_0, 96, features, seed: 2);
        double[] expected = ReferenceDequantizer.Decode(weight.HostSpan<byte>(), DType.Q8_0);
        Tensor packed = backend.ImportWeight(weight);
        int[] rows = [0, 95, 31, 32, 33, 64];
        Tensor ids = backend.Allocate(DType.I32, new TensorShape(rows.Length)), output = backend.Allocate(DType.F32, new TensorShape(rows.Length, features));
        backend.Upload<int>(rows, ids);
        backend.Embedding(packed, ids, 1, output);
        double[] wanted = [.. rows.SelectMany(row => expected[(row * features)..((row + 1) * features)])];
        Assert.That(output.HostSpan<float>().ToArray().Select(value => (double)value), Is.EqualTo(wanted));
        packed.Storage.Dispose();
    }

    [Test]
    public void Linear_OfAnyRows_GivesTheBitsOfThePlainArithmetic([Values(1, 2, 5, 6, 7, 13, 18, 23, 24, 50, 791)] int rows, [Values(1, 3)] int threads)
    {
        (int features, int outputs)[] shapes = rows > 100 ? [(96, 64)] : [(768, 32), (96, 160), (rows == 50 ? 4192 : 1184, 64)];
        foreach ((int features, int outputs) in shapes)
        {
            Tensor weight = TestData.Weight(DType.Q8_0, outputs, features, seed: 3);
            float[] x = TestData.Normal(rows * features, seed: 4), bias = TestData.Normal(outputs, seed: 5);
            x[0] = 300;
            x.AsSpan(32 * (rows - 1), 32).Clear();
            Assert.That(Linear(threads, weight, x, bias), Is.EqualTo(Plain(weight, x, bias)), $"{features} to {outputs}");
        }
    }

    [Test]
    public void View_BetweenPanels_IsPartOfTheMatrix_AndAnyOtherIsRefused()
    {
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto);
        Tensor weight = TestData.Weight(DType.Q8_0, 128, 64, seed: 6);
        Tensor packed = backend.ImportWeight(weight);
        float[] input = TestData.Normal(64, seed: 7);
        Tensor x = backend.Allocate(DType.F32, new TensorShape(1, 64)), y = backend.Allocate(DType.F32, new TensorShape(1, 64));
        backend.Upload<float>(input, x);
        backend.Linear(x, packed.Slice(32, 64), default, y);
        Assert.That(y.HostSpan<float>().ToArray(), Is.EqualTo(Plain(weight.Slice(32, 64), input, new float[64])));
        Assert.That(() => backend.Linear(x, packed.Slice(16, 64), default, y), Throws.ArgumentException.With.Message.Contains("32 by 32"));
        using CpuBackend exact = new(threads: 1);
        Assert.That(() => exact.Linear(x, packed.Slice(0, 64), default, y), Throws.ArgumentException.With.Message.Contains("another precision"));
        packed.Storage.Dispose();
    }

    private static MatrixLayout Layout(CpuBackend backend, Tensor weight)
    {
        Tensor imported = backend.ImportWeight(weight);
        MatrixLayout layout = ((HostStorage)imported.Storage).Layout;
        imported.Storage.Dispose();
        return layout;
    }

    private static float[] Linear(int threads, Tensor weight, float[] input, float[] bias)
    {
        using CpuBackend backend = new(threads, ModelPrecision.Auto);
        int rows = input.Length / weight.RowLength;
        Tensor packed = backend.ImportWeight(weight);
        Tensor x = backend.Allocate(DType.F32, new TensorShape(rows, weight.RowLength));
        Tensor y = backend.Allocate(DType.F32, new TensorShape(rows, weight.Rows)), b = backend.Allocate(DType.F32, new TensorShape(weight.Rows));
        backend.Upload<float>(input, x);
        backend.Upload<float>(bias, b);
        backend.Linear(x, packed, b, y);
        packed.Storage.Dispose();
        return y.HostSpan<float>().ToArray();
    }

    private static float[] Plain(Tensor weight, float[] input, float[] bias)
    {
        (int features, int outputs) = (weight.RowLength, weight.Rows);
        float[] result = new float[input.Length / features * outputs];
        (sbyte[] codes, float[] scales, int[] sums) = (new sbyte[features], new float[features / 32], new int[features / 32]);
        fixed (float* x = input, s = scales)
        fixed (sbyte* c = codes)
        fixed (int* total = sums)
        {
            for (int i = 0; i < result.Length; i++)
            {
                if (i % outputs == 0)
                {
                    Int8Products.Quantise(x + (i / outputs * features), features, c, s, total);
                }

                byte* w = weight.HostPointer + BlockFormat.Of(DType.Q8_0).ByteCount((long)(i % outputs) * features);
                result[i] = Int8Products.Dot(DType.Q8_0, w, features, c, s, total) + bias[i % outputs];
            }
        }

        return result;
    }
}
