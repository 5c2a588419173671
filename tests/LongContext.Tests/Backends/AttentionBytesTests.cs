using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Attention over pages of bytes: who gets it, and that a row's bits are its own.</summary>
[TestFixture]
internal sealed unsafe class AttentionBytesTests
{
    private static readonly int[] RowCounts = [1, 2, 3, 5, 6, 7, 23, 24, 25, 96, 97];

    private readonly string? _given = Environment.GetEnvironmentVariable(MachineCodeSwitch.Variable);

    [TearDown]
    public void Restore() => Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, _given);

    [Test]
    public void Find_WhereTheProcessorHasTheInstructions_PassesTheCheck()
    {
        Assume.That(MachineCodeSwitch.IsOn && ProcessorFeatures.HasByteDotProducts, "another machine");
        Assert.That(ByteAttentionKernels.Find(), Is.Not.Null);
    }

    [Test]
    public void Rows_AtTheEndOfLongSequences_SameBitsHoweverManyTogether(
        [Values(48, 64)] int pageSize, [Values(0, 300, 5000)] int window, [Values(1, 3)] int threads)
    {
        Assume.That(ByteAttentionKernels.Find(), Is.Not.Null, "another machine"); // F32 kernels' own tests hold the same law
        const int length = 4096 + 517; // two segments, an odd last key
        using CpuBackend backend = new(threads, ModelPrecision.Auto);
        (float[] expected, float[] expectedLse) = CachedAttention.LastRows(backend, DType.Q8_0, length, 97, chunk: 1, pageSize, window);
        foreach (int rows in RowCounts)
        {
            (float[] output, float[] lse) = CachedAttention.LastRows(backend, DType.Q8_0, length, 97, rows, pageSize, window);
            Assert.That(output, Is.EqualTo(expected), $"{rows} rows together");
            Assert.That(lse, Is.EqualTo(expectedLse), $"{rows} rows together");
        }

        Assert.That(expected, Has.All.Matches<float>(float.IsFinite).And.Some.Not.Zero);
    }

    [Test]
    public void SlotsNeverWritten_WhateverLiesThere_ChangeNothing([Values(0, 40)] int window, [Values(16, 48, 64)] int pageSize)
    {
        using CpuBackend backend = new(2, ModelPrecision.Auto);
        foreach (int chunk in (int[])[1, 7, 1000])
        {
            (float[] expected, float[] expectedLse) = Scenario(0).Run(backend, chunk);
            (float[] output, float[] lse) = Scenario(0xFF).Run(backend, chunk); // NaN
            Assert.That(output, Is.EqualTo(expected).And.All.Matches<float>(float.IsFinite));
            Assert.That(lse, Is.EqualTo(expectedLse));
        }

        AttentionScenario Scenario(byte filling) => new()
        {
            Lengths = [301, 17, 2], HeadDim = 24, PageSize = pageSize, Type = DType.Q8_0, Parameters = new AttentionParameters(0.2f, 0, window),
            Prepare = cache => NativeMemory.Fill(((CpuKVCacheStorage)cache).Layer(0).Keys(0, 0), (nuint)cache.ByteCount, filling),
        };
    }

    [Test]
    public void Auto_WithMachineCodeOff_IsFloat32()
    {
        AttentionScenario scenario = new() { Lengths = [70, 3], Type = DType.Q8_0 };
        using CpuBackend float32 = new(2);
        (float[] expected, _) = scenario.Run(float32, chunk: 9);
        Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, "off");
        using CpuBackend off = new(2, ModelPrecision.Auto);
        Assert.That(scenario.Run(off, chunk: 9).Output, Is.EqualTo(expected));
    }

    [Test]
    public void Auto_WhereTheKernelsDoNotSuit_IsFloat32()
    {
        using CpuBackend float32 = new(2), auto = new(2, ModelPrecision.Auto);
        using CpuBackend narrow = new(2, SimdWidth.Bits256, ModelPrecision.Auto), narrow32 = new(2, SimdWidth.Bits256);
        AttentionScenario otherPages = new() { Lengths = [70, 3], Type = DType.Q8_0, PageSize = 48 };
        AttentionScenario bytes = new() { Lengths = [70, 3], Type = DType.Q8_0 };
        Assert.Multiple(() =>
        {
            Assert.That(otherPages.Run(auto, 9).Output, Is.EqualTo(otherPages.Run(float32, 9).Output));
            Assert.That(bytes.Run(narrow, 9).Output, Is.EqualTo(bytes.Run(narrow32, 9).Output));
        });
    }

    [Test]
    public void ACacheWrittenByEveryWidth_HasTheSameBytes([Values(16, 64, 80)] int headDim)
    {
        AttentionScenario Scenario(List<byte[]> seen) => new()
        {
            Lengths = [70, 3], HeadDim = headDim, Type = DType.Q8_0,
            Finish = cache => seen.Add([.. new ReadOnlySpan<byte>(((CpuKVCacheStorage)cache).Layer(0).Keys(0, 0), (int)cache.ByteCount)]),
            Prepare = cache => NativeMemory.Fill(((CpuKVCacheStorage)cache).Layer(0).Keys(0, 0), (nuint)cache.ByteCount, 1),
        };
        List<byte[]> caches = [];
        foreach ((SimdWidth width, int chunk) in ((SimdWidth, int)[])[(SimdWidth.Bits512, 100), (SimdWidth.Bits512, 1), (SimdWidth.Bits256, 7), (SimdWidth.Bits128, 64)])
        {
            using CpuBackend backend = new(2, width, ModelPrecision.Auto);
            Scenario(caches).Run(backend, chunk);
        }

        Assert.That(caches, Has.Count.EqualTo(4).And.All.EqualTo(caches[0]));
    }

    /// <summary>Most of the weight on one key, and most of the rest on keys that are each below half a byte's step: what a page loses.</summary>
    [Test]
    public void ManySmallWeights_BesideOneLarge_AreLostInItsPageOnly()
    {
        const int length = 64 * 40, headDim = 64;
        using CpuBackend auto = new(2, ModelPrecision.Auto);
        AttentionScenario scenario = new()
        {
            Lengths = [length], QHeads = 1, KVHeads = 1, HeadDim = headDim, Type = DType.Q8_0, Spread = 4, Parameters = new AttentionParameters(0.125f),
        };
        (double[] expected, double[] expectedLse) = scenario.Expected(length);
        (float[] output, float[] lse) = scenario.Run(auto, length);
        double square = output.Zip(expected, (x, y) => (x - y) * (x - y)).Average();
        double size = expected.Select(x => x * x).Average();
        Assert.That(Math.Sqrt(square / size), Is.LessThan(0.03));
        Assert.That(lse.Zip(expectedLse, (x, y) => Math.Abs(x - y)), Is.All.LessThan(0.15));
    }

    [Test]
    public void Attention_OnceWarm_AllocatesNothing()
    {
        using CpuBackend backend = new(2, ModelPrecision.Auto);
        Assert.That(CachedAttention.AllocatedBytes(backend, DType.Q8_0), Is.Zero);
    }
}
