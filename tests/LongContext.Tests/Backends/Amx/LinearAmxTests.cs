using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Backends.MachineCode.Interpreter;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>Linear layers by tile registers, the kernels interpreted where the processor has none: the sums of products of what both operands round to.</summary>
[TestFixture]
internal sealed class LinearAmxTests
{
    private static readonly DType[] Rounded = [.. TestData.WeightTypes.Where(t => t is not (DType.F32 or DType.F16))];

    [TearDown]
    public void Check() => InterpretedAmx.RequireNoFaults();

    [Test]
    public void Linear_EveryType_IsTheSumOfRoundedProducts([ValueSource(nameof(Rounded))] DType type)
    {
        int block = BlockFormat.Of(type).ElementsPerBlock;
        foreach ((int rows, int features, int outputs) in ((int, int, int)[])[(0, block == 1 ? 33 : block, 37), (17, 3 * Math.Max(block, 32), 64), (33, block == 1 ? 100 : block, 131)])
        {
            CheckSums(type, LeastRows(type) + rows, features, outputs);
        }
    }

    /// <summary>Longer rows than are multiplied at a time, more rows than are rounded at a time.</summary>
    [TestCase(DType.BF16, 64, 4096 + 70, 3)]
    [TestCase(DType.Q8_0, 134, 8192 + 32, 33)]
    [TestCase(DType.BF16, 1024 + 17, 40, 5)]
    public void Linear_CutInPieces_IsTheSumOfRoundedProducts(DType type, int rows, int features, int outputs) => CheckSums(type, rows, features, outputs);

    [Test]
    public void Linear_HoweverManyRowsAndThreads_SameBits([Values(DType.BF16, DType.Q8_0, DType.Q4_K)] DType type)
    {
        int features = Math.Max(96, BlockFormat.Of(type).ElementsPerBlock);
        Tensor weight = TestData.Weight(type, 131, features, seed: 1);
        float[] input = TestData.Normal(300 * features, seed: 2), bias = TestData.Normal(131, seed: 3);
        float[] expected = Run(1, weight, bias, input);
        Assert.That(Run(3, weight, bias, input), Is.EqualTo(expected));
        foreach ((int start, int end) in ((int, int)[])[(0, 128), (100, 265), (7, 136)])
        {
            Assert.That(Run(2, weight, bias, input[(start * features)..(end * features)]), Is.EqualTo(expected[(start * 131)..(end * 131)]), $"rows {start} to {end}");
        }
    }

    [Test]
    public void Linear_FewRowsOrOtherTypes_IsAsWithoutTiles([ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type)
    {
        int features = Math.Max(64, BlockFormat.Of(type).ElementsPerBlock);
        int rows = Rounded.Contains(type) ? LeastRows(type) - 1 : 200;
        Tensor weight = TestData.Weight(type, 40, features, seed: 1);
        float[] input = TestData.Normal(rows * features, seed: 2);
        long before = InterpretedAmx.Calls;
        float[] with = Run(AmxBackend.Create(2), weight, null, input);
        Assert.That(with, Is.EqualTo(Run(new CpuBackend(2, SimdWidth.Bits512, ModelPrecision.Auto, CorePinning.None, null), weight, null, input)));
        Assert.That(InterpretedAmx.Calls, Is.EqualTo(before));
    }

    private static int LeastRows(DType type) => type == DType.BF16 ? 64 : 128;

    private static void CheckSums(DType type, int rows, int features, int outputs)
    {
        Tensor weight = TestData.Weight(type, outputs, features, seed: 1);
        float[] input = TestData.Normal(rows * features, seed: 2), bias = TestData.Normal(outputs, seed: 3);
        float[] y = Run(2, weight, bias, input);
        double[] w = [.. ReferenceDequantizer.Decode(weight.HostSpan<byte>(), type).Select(Nearest)];
        double[] x = [.. input.Select(v => Nearest(v))];
        for (int i = 0; i < y.Length; i++)
        {
            (int row, int output) = Math.DivRem(i, outputs);
            (double sum, double magnitude) = (bias[output], Math.Abs(bias[output]));
            for (int k = 0; k < features; k++)
            {
                double product = x[(row * features) + k] * w[(output * features) + k];
                (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
            }

            Assert.That(y[i], Is.EqualTo(sum).Within(2e-6 * magnitude), $"{type}, row {row} of {rows}, output {output} of {outputs}, {features} features");
        }
    }

    /// <summary>The nearest number of 8 significant bits, the even one of two equally near.</summary>
    private static double Nearest(double value)
    {
        if (value == 0)
        {
            return 0;
        }

        double ulp = Math.ScaleB(1, Math.ILogB((float)value) - 7);
        return Math.Round((float)value / ulp, MidpointRounding.ToEven) * ulp;
    }

    private static float[] Run(int threads, Tensor weight, float[]? bias, float[] input)
    {
        long before = InterpretedAmx.Calls;
        float[] result = Run(AmxBackend.Create(threads), weight, bias, input);
        Assert.That(AmxBackend.IsNative || InterpretedAmx.Calls > before, "tiles were used");
        return result;
    }

    private static float[] Run(CpuBackend backend, Tensor weight, float[]? bias, float[] input)
    {
        using (backend)
        {
            int rows = input.Length / weight.RowLength;
            Tensor x = backend.Allocate(DType.F32, new TensorShape(rows, weight.RowLength)), y = backend.Allocate(DType.F32, new TensorShape(rows, weight.Rows));
            Tensor b = bias is null ? default : backend.Allocate(DType.F32, new TensorShape(weight.Rows));
            backend.Upload<float>(input, x);
            if (bias is not null)
            {
                backend.Upload<float>(bias, b);
            }

            backend.Linear(x, weight, b, y);
            float[] result = y.HostSpan<float>().ToArray();
            x.Storage.Dispose();
            y.Storage.Dispose();
            return result;
        }
    }

    [Test]
    public void Linear_OnceWarm_AllocatesNothing()
    {
        using CpuBackend backend = new(2, SimdWidth.Bits512, ModelPrecision.Auto, CorePinning.None, AmxBackend.IdleKernels());
        Tensor x = backend.Allocate(DType.F32, new TensorShape(130, 256)), y = backend.Allocate(DType.F32, new TensorShape(130, 300));
        Tensor[] weights = [.. Rounded.Select(t => TestData.Weight(t, 300, 256, seed: 1))];
        long allocated = Allocations.OfThisThread(
            () =>
            {
                foreach (Tensor weight in weights)
                {
                    backend.Linear(x, weight, default, y);
                }
            },
            warmUp: 2,
            repeats: 5);
        Assert.That(allocated, Is.Zero);
    }
}
