using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Backends.Cpu.Kernels.Quantized;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>The arithmetic of byte products: what it says of itself, and that every kernel gives its very bits.</summary>
[TestFixture]
internal sealed unsafe class Int8ProductsTests
{
    private static readonly DType[] Types = [.. TestData.WeightTypes.Where(Int8Products.Suits)];

    [Test]
    public void Suits_BlockFormats() =>
        Assert.That(Types, Is.EqualTo(TestData.WeightTypes.Where(type => BlockFormat.Of(type).ElementsPerBlock > 1)));

    [Test]
    public void Codes_OfEveryFormat_AreTheWeights([ValueSource(nameof(Types))] DType type)
    {
        const int n = 1536;
        Tensor weight = TestData.Weight(type, 1, n, seed: 5);
        double[] expected = ReferenceDequantizer.Decode(weight.HostSpan<byte>(), type);
        byte[] codes = new byte[n];
        int each = 32 / BlockCodes.ScalesOfABlock(type);
        float[] scales = new float[n / each], minima = new float[n / 32];
        fixed (byte* c = codes)
        fixed (float* s = scales)
        fixed (float* m = minima)
        {
            BlockCodes.Read(type, weight.HostPointer, n, c, s, m);
        }

        for (int k = 0; k < n; k++)
        {
            double value = (scales[k / each] * (double)(codes[k] - BlockCodes.Zero(type))) + (BlockCodes.HasMinimum(type) ? minima[k / 32] : 0);
            Assert.That(value, Is.EqualTo(expected[k]).Within(1e-12), $"weight {k}");
        }
    }

    [TestCase(new[] { 1f, 0.5f, -1f, 0.25f }, new[] { 127, 64, -127, 32 })] // 63.5 and 31.75: ties to even
    [TestCase(new[] { -254f, 1f, 3f, 2.5f }, new[] { -127, 0, 2, 1 })] // 0.5 down, 1.5 up, 1.25
    [TestCase(new[] { 0f, -0f, 0f, 0f }, new[] { 0, 0, 0, 0 })]
    [TestCase(new[] { 5e-31f, -5e-31f, 1e-45f, 0f }, new[] { 0, 0, 0, 0 })]
    [TestCase(new[] { 1e-30f, -5e-31f, 1e-45f, 0f }, new[] { 127, -64, 0, 0 })]
    public void Quantise_RoundsToTheNearestOf255(float[] values, int[] expected)
    {
        float[] x = new float[32];
        values.CopyTo(x, 28);
        (sbyte[] codes, float[] scales, int[] sums) = Quantise(x);
        Assert.That(codes[28..].Select(c => (int)c), Is.EqualTo(expected));
        Assert.That(codes[..28], Is.All.Zero);
        Assert.That(sums[0], Is.EqualTo(expected.Sum()));
        Assert.That(scales[0], Is.EqualTo(values.Max(Math.Abs) / 127).Within(1e-7 * values.Max(Math.Abs)));
    }

    [Test]
    public void Linear_IsTheStatedArithmetic_BitForBit([ValueSource(nameof(Types))] DType type, [Values(1, 3, 6, 50, 791)] int rows)
    {
        Assume.That(Int8Kernels.Find(), Is.Not.Null, "another machine");
        bool isLarge = rows > 100;
        foreach ((int features, int outputs) in ((int, int)[])[(isLarge ? 256 : 1792, 71), (512, isLarge ? 9 : 64), (rows == 50 ? 8704 : 256, 33)])
        {
            Tensor weight = TestData.Weight(type, outputs, features, seed: 7);
            float[] input = TestData.Normal(rows * features, seed: rows);
            input[0] = 300; // an outlier, and a block of zeros
            input.AsSpan(32 * (rows - 1), 32).Clear();
            float[] bias = TestData.Normal(outputs, seed: 8);
            float[] expected = Plain(weight, input, bias);
            Assert.That(Linear(weight, input, bias), Is.EqualTo(expected), $"{features} to {outputs}");
        }
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    [TestCase(float.NegativeInfinity)]
    public void Linear_OfARowThatIsNotFinite_IsNotFinite_AndOtherRowsAre(float value)
    {
        Tensor weight = TestData.Weight(DType.Q4_K, 40, 256, seed: 1);
        float[] input = TestData.Normal(3 * 256, seed: 2);
        input[256 + 77] = value;
        float[] result = Linear(weight, input, new float[40]);
        Assert.That(result[40..80].Any(float.IsFinite), Is.False);
        Assert.That(result[..40].Concat(result[80..]).All(float.IsFinite), Is.True);
    }

    [Test]
    public void Find_WhereTheProcessorHasTheInstructions_PassesTheCheck()
    {
        Assume.That(MachineCodeSwitch.IsOn && ExecutableMemory.IsSupported && ProcessorFeatures.HasByteDotProducts, "another machine");
        Assert.That(Int8Kernels.Find(), Is.Not.Null);
    }

    private static float[] Plain(Tensor weight, float[] input, float[] bias)
    {
        int features = weight.RowLength, outputs = weight.Rows;
        float[] result = new float[input.Length / features * outputs];
        for (int row = 0; row < input.Length / features; row++)
        {
            (sbyte[] codes, float[] scales, int[] sums) = Quantise(input[(row * features)..((row + 1) * features)]);
            fixed (sbyte* c = codes)
            fixed (float* s = scales)
            fixed (int* total = sums)
            {
                for (int o = 0; o < outputs; o++)
                {
                    byte* w = weight.HostPointer + BlockFormat.Of(weight.Type).ByteCount((long)o * features);
                    result[(row * outputs) + o] = Int8Products.Dot(weight.Type, w, features, c, s, total) + bias[o];
                }
            }
        }

        return result;
    }

    private static (sbyte[] Codes, float[] Scales, int[] Sums) Quantise(float[] x)
    {
        sbyte[] codes = new sbyte[x.Length];
        float[] scales = new float[x.Length / 32];
        int[] sums = new int[x.Length / 32];
        fixed (float* from = x)
        fixed (sbyte* c = codes)
        fixed (float* s = scales)
        fixed (int* total = sums)
        {
            Int8Products.Quantise(from, x.Length, c, s, total);
        }

        return (codes, scales, sums);
    }

    private static float[] Linear(Tensor weight, float[] input, float[] bias)
    {
        using CpuBackend backend = new(threads: 3, ModelPrecision.Auto);
        int rows = input.Length / weight.RowLength;
        Tensor x = backend.Allocate(DType.F32, new TensorShape(rows, weight.RowLength));
        Tensor y = backend.Allocate(DType.F32, new TensorShape(rows, weight.Rows));
        Tensor b = backend.Allocate(DType.F32, new TensorShape(weight.Rows));
        backend.Upload<float>(input, x);
        backend.Upload<float>(bias, b);
        backend.Linear(x, weight, b, y);
        return y.HostSpan<float>().ToArray();
    }
}
