using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Attention over pages of bfloat16 pairs: who gets it, and that a row's bits are its own.</summary>
[TestFixture]
internal sealed unsafe class AttentionPairsTests
{
    private static readonly int[] RowCounts = [1, 2, 3, 5, 6, 7, 23, 24, 25, 96, 97];

    private readonly string? _given = Environment.GetEnvironmentVariable(MachineCodeSwitch.Variable);

    [TearDown]
    public void Restore() => Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, _given);

    [Test]
    public void Find_WhereTheProcessorHasTheInstructions_PassesTheCheck()
    {
        Assume.That(BF16Kernels.Find(), Is.Not.Null, "another machine");
        Assert.That(AttentionKernels.Find(), Is.Not.Null);
    }

    [Test]
    public void Rows_AtTheEndOfLongSequences_SameBitsHoweverManyTogether(
        [Values(16, 48, 64, 256)] int pageSize, [Values(0, 300, 5000)] int window, [Values(1, 3)] int threads)
    {
        Assume.That(AttentionKernels.Find(), Is.Not.Null, "another machine"); // F32 kernels' own tests hold the same law
        const int length = 4096 + 517; // two segments, an odd last key
        using CpuBackend backend = new(threads, ModelPrecision.Auto);
        (float[] expected, float[] expectedLse) = CachedAttention.LastRows(backend, DType.BF16, length, 97, chunk: 1, pageSize, window);
        foreach (int rows in RowCounts)
        {
            (float[] output, float[] lse) = CachedAttention.LastRows(backend, DType.BF16, length, 97, rows, pageSize, window);
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
            Lengths = [301, 17, 2], HeadDim = 24, PageSize = pageSize, Type = DType.BF16, Parameters = new AttentionParameters(0.2f, 0, window),
            Prepare = cache => NativeMemory.Fill(((CpuKVCacheStorage)cache).Layer(0).Keys(0, 0), (nuint)cache.ByteCount, filling),
        };
    }

    [Test]
    public void Auto_WithMachineCodeOff_IsFloat32()
    {
        AttentionScenario scenario = new() { Lengths = [70, 3], Type = DType.BF16 };
        using CpuBackend float32 = new(2);
        (float[] expected, _) = scenario.Run(float32, chunk: 9);
        Environment.SetEnvironmentVariable(MachineCodeSwitch.Variable, "off");
        using CpuBackend off = new(2, ModelPrecision.Auto);
        Assert.That(scenario.Run(off, chunk: 9).Output, Is.EqualTo(expected));
    }

    [Test]
    public void Auto_WhereNothingIsRounded_IsFloat32()
    {
        using CpuBackend float32 = new(2);
        using CpuBackend auto = new(2, ModelPrecision.Auto);
        using CpuBackend narrow = new(2, SimdWidth.Bits256, ModelPrecision.Auto), narrow32 = new(2, SimdWidth.Bits256);
        AttentionScenario exactCache = new() { Lengths = [70, 3], Type = DType.F32 };
        AttentionScenario oddHeads = new() { Lengths = [70, 3], Type = DType.BF16, HeadDim = 15 };
        AttentionScenario pairs = new() { Lengths = [70, 3], Type = DType.BF16 };
        Assert.Multiple(() =>
        {
            Assert.That(exactCache.Run(auto, 9).Output, Is.EqualTo(exactCache.Run(float32, 9).Output));
            Assert.That(oddHeads.Run(auto, 9).Output, Is.EqualTo(oddHeads.Run(float32, 9).Output));
            Assert.That(pairs.Run(narrow, 9).Output, Is.EqualTo(pairs.Run(narrow32, 9).Output));
        });
    }

    [Test]
    public void ACacheOfAnotherPrecision_IsRefused()
    {
        Assume.That(AttentionKernels.Find(), Is.Not.Null, "another machine");
        using CpuBackend auto = new(1, ModelPrecision.Auto), float32 = new(1);
        using KVCacheStorage cache = auto.AllocateKVCache(new KVCacheShape(1, 1, 16, 1, 16, DType.BF16));
        using AttentionPlan plan = float32.CreatePlan();
        AttentionBatch batch = new() { PageSize = 16 };
        batch.AddSequence([0], kvLength: 1, newTokens: 1);
        batch.AddItem(new AttentionItem(0, 0, 1, 0, 1, AttentionMask.Causal, 0));
        float32.Plan(plan, batch);
        Tensor x = float32.Allocate(DType.F32, new TensorShape(1, 1, 16));
        Assert.That(() => float32.Attention(x, cache, 0, plan, new AttentionParameters(1), x, default), Throws.ArgumentException);
        x.Storage.Dispose();
    }

    [Test]
    public void Attention_OnceWarm_AllocatesNothing()
    {
        using CpuBackend backend = new(2, ModelPrecision.Auto);
        Assert.That(CachedAttention.AllocatedBytes(backend, DType.BF16), Is.Zero);
    }
}
