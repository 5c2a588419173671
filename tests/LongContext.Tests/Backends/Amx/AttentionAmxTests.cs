using System.Runtime.InteropServices;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Backends.MachineCode.Interpreter;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends.Amx;

/// <summary>Attention by tile registers against the dot products that it replaces, and that a row's bits are its own.</summary>
[TestFixture]
internal sealed unsafe class AttentionAmxTests
{
    [TearDown]
    public void Check() => InterpretedAmx.RequireNoFaults();

    [Test]
    public void Attention_HeadsPagesAndWindows_IsThatOfDotProducts(
        [Values(16, 64, 80)] int headDim, [Values(32, 64)] int pageSize, [Values(0, 40)] int window, [Values(0f, 20f)] float cap)
    {
        Assume.That(AttentionKernels.FindAny(), Is.Not.Null, "another machine");
        AttentionScenario scenario = new()
        {
            Lengths = [pageSize == 64 ? 301 : 107, 33, 2], HeadDim = headDim, PageSize = pageSize, Type = DType.BF16, Parameters = new AttentionParameters(0.2f, cap, window),
        };
        using CpuBackend with = AmxBackend.Create(2), without = new(2);
        long before = InterpretedAmx.Calls;
        (float[] output, float[] lse) = scenario.Run(with, 1000);
        Assert.That(AmxBackend.IsNative || InterpretedAmx.Calls > before, "tiles were used");
        (float[] expected, float[] expectedLse) = scenario.Run(without, 1000);
        Assert.That(output, Is.EqualTo(expected).Within(0.03), "queries and weights are rounded");
        Assert.That(lse, Is.EqualTo(expectedLse).Within(0.03));
        Assert.That(expected, Has.Some.GreaterThan(0.3));
        foreach (int chunk in (int[])[1, 37])
        {
            (float[] chunked, float[] chunkedLse) = scenario.Run(with, chunk);
            Assert.That(chunked, Is.EqualTo(output), $"{chunk} rows together");
            Assert.That(chunkedLse, Is.EqualTo(lse), $"{chunk} rows together");
        }
    }

    [Test]
    public void SlotsNeverWritten_WhateverLiesThere_ChangeNothing([Values(0, 40)] int window, [Values(32, 64)] int pageSize)
    {
        Assume.That(AttentionKernels.FindAny(), Is.Not.Null, "another machine");
        using CpuBackend backend = AmxBackend.Create(2);
        foreach (int chunk in (int[])[7, 1000])
        {
            (float[] expected, float[] expectedLse) = Scenario(0).Run(backend, chunk);
            (float[] output, float[] lse) = Scenario(0xFF).Run(backend, chunk); // NaN
            Assert.That(output, Is.EqualTo(expected).And.All.Matches<float>(float.IsFinite));
            Assert.That(lse, Is.EqualTo(expectedLse));
        }

        AttentionScenario Scenario(byte filling) => new()
        {
            Lengths = [301, 17, 2], HeadDim = 48, PageSize = pageSize, Type = DType.BF16, Parameters = new AttentionParameters(0.2f, 0, window),
            Prepare = cache => NativeMemory.Fill(((CpuKVCacheStorage)cache).Layer(0).Keys(0, 0), (nuint)cache.ByteCount, filling),
        };
    }

    /// <summary>More than a segment, so that several workers share a row, and many steps, whose greatest scores rise.</summary>
    [Test]
    public void LastRowsOfALongSequence_HoweverManyTogetherAndThreads_AreRightAndSameBits([Values(0, 300)] int window)
    {
        Assume.That(AttentionKernels.FindAny(), Is.Not.Null, "another machine");
        const int length = 4096 + 517, rows = 101;
        float[] expected = LastRows(AmxBackend.Create(1), length, rows, rows, window);
        Assert.That(LastRows(AmxBackend.Create(3), length, rows, 40, window), Is.EqualTo(expected));
        Assert.That(LastRows(AmxBackend.Create(3), length, rows, 1, window), Is.EqualTo(expected));
        float[] others = LastRows(new CpuBackend(2), length, rows, rows, window);
        double difference = Math.Sqrt(expected.Zip(others, (x, y) => Math.Pow(x - y, 2)).Sum() / others.Sum(x => Math.Pow(x, 2)));
        Assert.That(difference, Is.InRange(1e-5, 0.006), "rounded, and no more");
    }

    [Test]
    public void Attention_OnceWarm_AllocatesNothing()
    {
        Assume.That(AttentionKernels.FindAny(), Is.Not.Null, "another machine");
        using CpuBackend backend = new(2, SimdWidth.Bits512, ModelPrecision.Auto, CorePinning.None, AmxBackend.IdleKernels());
        Assert.That(CachedAttention.AllocatedBytes(backend, DType.BF16), Is.Zero);
    }

    private static float[] LastRows(CpuBackend given, int length, int count, int chunk, int window)
    {
        const int heads = 1, group = 2, headDim = 32, pageSize = 64;
        using CpuBackend backend = given;
        int[] pages = [.. Enumerable.Range(0, (length + pageSize - 1) / pageSize)];
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, pages.Length, pageSize, heads, headDim, DType.BF16));
        using AttentionPlan plan = backend.CreatePlan();
        AttentionBatch batch = new() { PageSize = pageSize };
        batch.AddSequence(pages, length, length);
        backend.Plan(plan, batch);
        Tensor kv = backend.Allocate(DType.F32, new TensorShape(length, heads, headDim)), q = backend.Allocate(DType.F32, new TensorShape(count, group, headDim));
        Tensor result = backend.Allocate(DType.F32, q.Shape);
        backend.Upload<float>(TestData.Normal(length * headDim, seed: 1), kv);
        backend.Upload<float>(TestData.Normal(count * group * headDim, seed: 2), q);
        backend.AppendKV(kv, kv, cache, 0, plan);
        for (int start = 0; start < count; start += chunk)
        {
            int rows = Math.Min(chunk, count - start);
            AttentionBatch step = new() { PageSize = pageSize };
            step.AddSequence(pages, length, rows);
            step.AddItem(new AttentionItem(0, 0, rows, 0, length, AttentionMask.Causal, length - count + start));
            backend.Plan(plan, step);
            backend.Attention(q.Slice(start, rows), cache, 0, plan, new AttentionParameters(0.5f, 0, window), result.Slice(start, rows), default);
        }

        float[] output = result.HostSpan<float>().ToArray();
        foreach (Tensor tensor in (Tensor[])[kv, q, result])
        {
            tensor.Storage.Dispose();
        }

        return output;
    }
}
