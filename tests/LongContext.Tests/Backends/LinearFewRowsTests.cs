using System.Runtime.Intrinsics.X86;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Kernels;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>The generated few-row kernels give the bits of the plainly written arithmetic.</summary>
[TestFixture]
internal sealed class LinearFewRowsTests
{
    private static readonly DType[] Types = [.. TestData.WeightTypes.Where(FewRowsWriter.Has)];

    [Test]
    public void Find_WhereTheProcessorHasTheInstructions_PassesTheCheck([ValueSource(nameof(Types))] DType type)
    {
        Assume.That(MachineCodeSwitch.IsOn && ExecutableMemory.IsSupported && ProcessorFeatures.HasByteDotProducts && Avx512Vbmi2.IsSupported, "another machine");
        Assert.That(FewRowsKernels.Find(type), Is.Not.Null);
    }

    [Test]
    public unsafe void Rows_OfAnyCount_GiveTheBitsOfThePlainArithmetic([ValueSource(nameof(Types))] DType type, [Values(1, 2, 3, 7, 12, 16, 17, 32)] int rows)
    {
        Assume.That(FewRowsKernels.Find(type), Is.Not.Null, "another machine");
        (int features, int outputs) = (768, 16 * 5 + 7);
        Tensor weight = TestData.Weight(type, outputs, features, seed: 1);
        float[] x = TestData.Normal(rows * features, seed: 2);
        Array.Clear(x, 64, 32); // a block of zeros
        x[features - 1] = 1e-35f;
        float[] bias = TestData.Normal(outputs, seed: 3);
        float[] y = new float[rows * outputs];
        sbyte[] codes = new sbyte[features];
        (float[] scales, int[] sums) = (new float[features / 32], new int[features / 16]);
        using WorkerPool pool = new(3);
        using NativeBuffer<float> scratch = new();
        long rowBytes = BlockFormat.Of(type).ByteCount(features);
        fixed (float* px = x, pb = bias, py = y, ps = scales)
        fixed (sbyte* pc = codes)
        fixed (int* pi = sums)
        {
            LinearArguments a = new()
            {
                X = px, Rows = rows, Features = features, W = weight.HostPointer, WStride = rowBytes, Outputs = outputs, Bias = pb, Y = py,
            };
            LinearFewRows.Run(pool, scratch, FewRowsKernels.Find(type)!.Value, type, a);
            for (int row = 0; row < rows; row++)
            {
                Int8Products.Quantise(px + (row * features), features, pc, ps, pi);
                for (int o = 0; o < outputs; o++)
                {
                    float expected = Int8Products.Dot(type, weight.HostPointer + (o * rowBytes), features, pc, ps, pi) + bias[o];
                    Assert.That(y[(row * outputs) + o], Is.EqualTo(expected), $"row {row}, output {o}");
                }
            }
        }
    }
}
