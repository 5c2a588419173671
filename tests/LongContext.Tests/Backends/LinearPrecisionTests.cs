using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Who gets rounded products, and that they are the same however the work is cut.</summary>
[TestFixture]
internal sealed class LinearPrecisionTests
{
    private const int Tokens = 530, Features = 96, Outputs = 131; // more rows than are rounded at a time, a last group of three outputs

    private readonly string? _given = Environment.GetEnvironmentVariable(MachineCodeSwitch.Variable);

    [TearDown]
    public void Restore() => Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, _given);

    [Test]
    public void Auto_RowsOfALargeBatch_SameBitsAsAlone([ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type)
    {
        int features = Math.Max(Features, BlockFormat.Of(type).ElementsPerBlock);
        Tensor weight = TestData.Weight(type, Outputs, features, seed: 1);
        float[] input = TestData.Normal(Tokens * features, seed: 2);
        float[] expected = Linear(new CpuBackend(1, ModelPrecision.Auto), weight, input);
        Assert.That(Linear(new CpuBackend(3, ModelPrecision.Auto), weight, input), Is.EqualTo(expected));
        foreach (int row in (int[])[0, 5, 511, 512, 529])
        {
            float[] alone = Linear(new CpuBackend(1, ModelPrecision.Auto), weight, input[(row * features)..((row + 1) * features)]);
            Assert.That(alone, Is.EqualTo(expected[(row * Outputs)..((row + 1) * Outputs)]), $"row {row}");
        }
    }

    [Test]
    public void Auto_WithMachineCodeOff_IsFloat32()
    {
        Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, "off");
        Assert.That(BF16Kernels.Find(), Is.Null);
        (Tensor weight, float[] input) = Operands();
        Assert.That(Linear(new CpuBackend(2, ModelPrecision.Auto), weight, input), Is.EqualTo(Linear(new CpuBackend(2), weight, input)));
    }

    [Test]
    public void Auto_InNarrowVectors_IsFloat32()
    {
        (Tensor weight, float[] input) = Operands();
        float[] expected = Linear(new CpuBackend(2, SimdWidth.Bits256), weight, input);
        Assert.That(Linear(new CpuBackend(2, SimdWidth.Bits256, ModelPrecision.Auto), weight, input), Is.EqualTo(expected));
    }

    [Test]
    public void Float32_NeverRounds_AndAutoNotEveryType([ValueSource(typeof(TestData), nameof(TestData.WeightTypes))] DType type)
    {
        (Tensor weight, float[] input) = Operands(type);
        float[] exact = Linear(new CpuBackend(2, ModelPrecision.Float32), weight, input);
        float[] auto = Linear(new CpuBackend(2, ModelPrecision.Auto), weight, input);
        double difference = exact.Zip(auto, (x, y) => Math.Abs(x - y)).Max() / exact.Max(Math.Abs);
        Assert.That(difference, BF16Kernels.Find() is null || type is DType.F32 or DType.F16 ? Is.Zero : Is.InRange(1e-5, 1e-2));
    }

    [Test]
    public void Switch_SetToAnythingElse_IsRefused()
    {
        Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, "maybe");
        Assert.That(() => new CpuBackend(1, ModelPrecision.Auto), Throws.InstanceOf<ConfigurationException>().With.Message.Contains("maybe"));
    }

    [Test]
    public void Find_WhereTheProcessorHasTheInstructions_PassesTheCheck()
    {
        Assume.That(MachineCodeSwitch.IsOn && ExecutableMemory.IsSupported && ProcessorFeatures.HasBF16DotProducts && ProcessorFeatures.IsAmd, "another machine");
        Assert.That(BF16Kernels.Find(), Is.Not.Null);
    }

    [TestCase(1f, 0x3F80)]
    [TestCase(-0f, 0x8000)]
    [TestCase(1.00390625f, 0x3F80)] // half way, down to even
    [TestCase(1.01171875f, 0x3F82)] // half way, up to even
    [TestCase(float.MaxValue, 0x7F80)]
    [TestCase(float.NegativeInfinity, 0xFF80)]
    [TestCase(1e-45f, 0)]
    public void Rounding_OfTheSelfCheck_IsToNearestEven(float value, int expected) =>
        Assert.That(BF16SelfCheck.RoundToNearest(value), Is.EqualTo(expected));

    [Test]
    public void Auto_OnceWarm_AllocatesNothing()
    {
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto);
        Tensor x = backend.Allocate(DType.F32, new TensorShape(40, 256));
        Tensor y = backend.Allocate(DType.F32, new TensorShape(40, 300));
        Tensor[] weights = [.. TestData.WeightTypes.Select(t => TestData.Weight(t, 300, 256, seed: 1))];
        long allocated = Allocations.OfThisThread(
            () =>
            {
                foreach (Tensor weight in weights)
                {
                    backend.Linear(x, weight, default, y);
                    backend.Linear(x.Slice(0, 1), weight, default, y.Slice(0, 1));
                }
            },
            warmUp: 2,
            repeats: 5);
        Assert.That(allocated, Is.Zero);
    }

    private static (Tensor Weight, float[] Input) Operands(DType type = DType.BF16)
    {
        int features = Math.Max(Features, BlockFormat.Of(type).ElementsPerBlock);
        return (TestData.Weight(type, Outputs, features, seed: 3), TestData.Normal(7 * features, seed: 4));
    }

    private static float[] Linear(CpuBackend backend, Tensor weight, float[] input)
    {
        using (backend)
        {
            int tokens = input.Length / weight.RowLength;
            Tensor x = backend.Allocate(DType.F32, new TensorShape(tokens, weight.RowLength));
            Tensor y = backend.Allocate(DType.F32, new TensorShape(tokens, weight.Rows));
            backend.Upload<float>(input, x);
            backend.Linear(x, weight, default, y);
            float[] result = y.HostSpan<float>().ToArray();
            x.Storage.Dispose();
            y.Storage.Dispose();
            return result;
        }
    }
}
