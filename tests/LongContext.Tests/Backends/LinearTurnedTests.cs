using System.Runtime.Intrinsics;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Many rows go another way than one: lanes are outputs, not features. Nobody can tell by the bits.</summary>
[TestFixture]
internal sealed class LinearTurnedTests
{
    [Test]
    public void Rows_OfALargeBatch_SameBitsAsAlone(
        [ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type, [Values(1, 3)] int threads)
    {
        int block = BlockFormat.Of(type).ElementsPerBlock;
        foreach ((int rows, int features, int outputs) in ((int, int, int)[])[(193, 512, 64), (200, 1280, 131), (197, block == 1 ? 1043 : 1024 + block, 70)])
        {
            CheckRows(type, threads, rows, features, outputs, [0, 5, 6, rows - 2, rows - 1]);
        }
    }

    [Test]
    public void Rows_MoreThanAreLaidOutAtATime_SameBitsAsAlone([Values(DType.F32, DType.Q8_0)] DType type) =>
        CheckRows(type, threads: 3, rows: 1100, features: 544, outputs: 80, [0, 368, 550, 551, 552, 1099]);

    [Test]
    public void Rows_OfALargeBatchOverPairs_SameBitsAsAlone([Values(1, 3)] int threads)
    {
        if (BF16Kernels.Find() is null)
        {
            Assert.Ignore("This processor multiplies no pairs of bfloat16.");
        }

        foreach ((int rows, int features, int outputs) in ((int, int, int)[])[(97, 512, 64), (200, 1312, 131), (530, 2048, 70)])
        {
            Assert.That(LinearTurned.SuitsPairs(DType.BF16, new LinearArguments { Rows = rows, Features = features, Outputs = outputs }));
            CheckRows(DType.BF16, threads, rows, features, outputs, [0, 5, 6, rows - 2, rows - 1], ModelPrecision.Auto);
        }
    }

    [Test]
    public void Numbers_WithoutEnd_StayInTheirRowAndOutput()
    {
        const int rows = 200, features = 530, outputs = 64;
        float[] weights = TestData.Normal(outputs * features, seed: 1);
        float[] input = TestData.Normal(rows * features, seed: 2);
        weights[(3 * features) + features - 1] = float.PositiveInfinity;
        input[(7 * features) + 1] = float.NaN;
        using CpuBackend backend = new(2, SimdWidth.Bits512);
        Tensor weight = TestData.Place(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(weights), DType.F32, new TensorShape(outputs, features));
        float[] y = Linear(backend, weight, input, null);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.That(float.IsFinite(y[i]), Is.EqualTo(i / outputs != 7 && i % outputs != 3), $"row {i / outputs}, output {i % outputs}");
        }
    }

    [Test]
    public void Suits_ManyRowsInWideVectors_Only()
    {
        LinearArguments a = new() { Rows = 200, Features = 2048, Outputs = 64 };
        Assert.That(LinearTurned.Suits<Simd512, Vector512<float>>(DType.Q8_0, a), Is.EqualTo(System.Runtime.Intrinsics.X86.Avx512F.IsSupported));
        Assert.That(LinearTurned.Suits<Simd256, Vector256<float>>(DType.Q8_0, a), Is.False);
        a.Rows = 12;
        Assert.That(LinearTurned.Suits<Simd512, Vector512<float>>(DType.Q8_0, a), Is.False);
    }

    private static void CheckRows(DType type, int threads, int rows, int features, int outputs, int[] someRows, ModelPrecision precision = ModelPrecision.Float32)
    {
        Tensor weight = TestData.Weight(type, outputs, features, seed: 1);
        float[] input = TestData.Normal(rows * features, seed: 2);
        float[] bias = TestData.Normal(outputs, seed: 3);
        foreach (float[]? added in (float[]?[])[bias, null])
        {
            using CpuBackend backend = new(threads, SimdWidth.Bits512, precision);
            float[] together = Linear(backend, weight, input, added);
            foreach (int row in someRows)
            {
                float[] alone = Linear(backend, weight, input[(row * features)..((row + 1) * features)], added);
                Assert.That(together[(row * outputs)..((row + 1) * outputs)], Is.EqualTo(alone), $"row {row} of {rows}, {features} to {outputs}");
                Assert.That(alone, Has.Some.Not.Zero);
            }
        }
    }

    private static float[] Linear(CpuBackend backend, Tensor weight, float[] input, float[]? bias)
    {
        int rows = input.Length / (int)weight.Shape.RowLength;
        Tensor x = backend.Allocate(DType.F32, new TensorShape(rows, weight.Shape.RowLength));
        Tensor y = backend.Allocate(DType.F32, new TensorShape(rows, weight.Rows));
        backend.Upload<float>(input, x);
        Tensor b = default;
        if (bias != null)
        {
            b = backend.Allocate(DType.F32, new TensorShape(bias.Length));
            backend.Upload<float>(bias, b);
        }

        backend.Linear(x, weight, b, y);
        return y.HostSpan<float>().ToArray();
    }
}
