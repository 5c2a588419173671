using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Attention over pages of bytes.</summary>
[TestFixture]
internal sealed class AttentionBytesTests
{
    [Test]
    public void Quick([Values(0f, 2f)] float cap, [Values(0, 90)] int window)
    {
        using CpuBackend auto = new(2, ModelPrecision.Auto), float32 = new(2);
        AttentionScenario scenario = new() { Lengths = [700, 3, 129], QHeads = 6, KVHeads = 2, HeadDim = 64, Type = DType.Q8_0, Parameters = new AttentionParameters(0.125f, cap, window) };
        (double[] expected, double[] expectedLse) = scenario.Expected(50);
        (float[] a, float[] al) = scenario.Run(auto, 50);
        (float[] b, float[] bl) = scenario.Run(float32, 50);
        TestContext.Out.WriteLine($"auto {Rms(a, expected)} {Rms(al, expectedLse)}  float32 {Rms(b, expected)} {Rms(bl, expectedLse)}; between {Rms(a, [.. b.Select(x => (double)x)])}");
        (float[] c, _) = scenario.Run(auto, 1000);
        Assert.That(c, Is.EqualTo(a));
        AttentionScenario s2 = new() { Lengths = [700, 3, 129], QHeads = 6, KVHeads = 2, HeadDim = 64, Type = DType.BF16, Parameters = new AttentionParameters(0.125f, cap, window) };
        (float[] d, float[] dl) = s2.Run(auto, 1000);
        TestContext.Out.WriteLine($"bf16 auto {Rms(d, expected)} {Rms(dl, expectedLse)}");
    }

    private static string Rms(float[] x, double[] y) => $"rms {Math.Sqrt(x.Zip(y, (a, b) => (a - b) * (a - b)).Average()):0.00000} max {x.Zip(y, (a, b) => Math.Abs(a - b)).Max():0.00000}";
}
