using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.Simd;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

[TestFixture]
internal sealed class CpuBackendTests
{
    [Test]
    public void Attention_LongDecode_SameBitsWhetherSegmentsAreShared([Values(512, 256)] int bits, [Values(0, 5000)] int window)
    {
        const int keys = 12_500; // four segments, the last one short
        float[] one = Decode(threads: 1, bits, keys, newTokens: 1, window);
        float[] many = Decode(threads: 4, bits, keys, newTokens: 1, window); // few heads: segments are units of their own
        float[] prefill = Decode(threads: 1, bits, keys, newTokens: 40, window);
        Assert.That(many, Is.EqualTo(one));
        Assert.That(prefill[^one.Length..], Is.EqualTo(one), "as the last row of a chunk");
        Assert.That(one, Has.Some.Not.Zero);
    }

    [Test]
    public void Linear_AnyNumberOfThreads_SameBits([Values(DType.F32, DType.Q5_K)] DType type, [Values(1, 30)] int tokens)
    {
        Tensor weight = TestData.Weight(type, 203, 1280, seed: 1);
        float[] input = TestData.Normal(tokens * 1280, seed: 2);
        float[]? expected = null;
        foreach (int threads in (int[])[1, 2, 3])
        {
            using CpuBackend backend = new(threads, SimdWidth.Bits512);
            Tensor x = backend.Allocate(DType.F32, new TensorShape(tokens, 1280));
            Tensor y = backend.Allocate(DType.F32, new TensorShape(tokens, 203));
            backend.Upload<float>(input, x);
            backend.Linear(x, weight, default, y);
            expected ??= y.HostSpan<float>().ToArray();
            Assert.That(y.HostSpan<float>().ToArray(), Is.EqualTo(expected));
        }
    }

    [Test]
    public void Operations_OnceWarm_AllocateNothing()
    {
        using CpuBackend backend = new(threads: 2, SimdWidth.Bits256);
        AttentionBatch batch = new() { PageSize = 16 };
        using AttentionPlan plan = backend.CreatePlan();
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, 400, 16, 2, 32, DType.BF16));
        int[] pages = [.. Enumerable.Range(0, 400)];
        Tensor q = Normal(backend, 40, 4, 32);
        (Tensor k, Tensor v, Tensor output) = (Normal(backend, 40, 2, 32), Normal(backend, 40, 2, 32), Normal(backend, 40, 4, 32));
        Tensor lse = backend.Allocate(DType.F32, new TensorShape(40, 4));
        Tensor wide = backend.Allocate(DType.F32, new TensorShape(40, 300));
        Tensor[] weights = [.. TestData.WeightTypes.Select(t => TestData.Weight(t, 300, 256, seed: 1))];
        Tensor ids = backend.Allocate(DType.I32, new TensorShape(40));
        (Tensor x, Tensor y) = (Normal(backend, 40, 1, 256).Reshape(new TensorShape(40, 256)), Normal(backend, 40, 1, 256).Reshape(new TensorShape(40, 256)));
        (Tensor norm, Tensor cos) = (backend.Allocate(DType.F32, new TensorShape(256)), backend.Allocate(DType.F32, new TensorShape(40, 16)));

        void Step()
        {
            batch.Clear();
            batch.AddSequence(pages, 6400, 40);
            batch.AddItem(new AttentionItem(0, 0, 40, 0, 6400, AttentionMask.Causal, 6360));
            backend.Plan(plan, batch);
            foreach (Tensor weight in weights)
            {
                backend.Embedding(weight, ids, 2, x);
                backend.Linear(x, weight, default, wide);
                backend.Linear(x.Slice(0, 1), weight, default, wide.Slice(0, 1));
            }

            backend.RmsNorm(x, norm, 1e-5f, y);
            backend.Rotary(q, cos, cos, RotaryLayout.Interleaved);
            backend.Rotary(k, cos, cos, RotaryLayout.SplitHalves);
            backend.AppendKV(k, v, cache, 0, plan);
            backend.Attention(q, cache, 0, plan, new AttentionParameters(0.1f, 30, 100), output, lse);
            backend.Attention(q, cache, 0, plan, new AttentionParameters(0.1f), output, lse);
            backend.MergeStates(output, lse, q, lse);
            backend.GatedActivation(x, y, Activation.Gelu, x);
            backend.GatedActivation(x, y, Activation.Silu, x);
            backend.Add(x, y, x);
            backend.SoftCap(x, 30);
            backend.GatherRows(x, ids, y);
        }

        Assert.That(Allocations.OfThisThread(Step, warmUp: 2, repeats: 5), Is.Zero);
    }

    [Test]
    public void AllocateKVCache_UnwrittenPages_TakeNoMemory()
    {
        using CpuBackend backend = new(threads: 1);
        long before = Environment.WorkingSet;
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(4, 16_384, 64, 2, 64, DType.BF16));
        Assert.That(cache.ByteCount, Is.EqualTo(2L << 30));
        Assert.That(Environment.WorkingSet - before, Is.LessThan(256L << 20));
    }

    [Test]
    public void Constructor_NegativeThreads_IsRefused() =>
        Assert.That(() => new CpuBackend(threads: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static float[] Decode(int threads, int bits, int keys, int newTokens, int window)
    {
        const int qHeads = 2, kvHeads = 1, headDim = 16;
        using CpuBackend backend = new(threads, (SimdWidth)bits);
        int[] pages = [.. Enumerable.Range(0, (keys + 63) / 64)];
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, pages.Length, 64, kvHeads, headDim, DType.F32));
        using AttentionPlan plan = backend.CreatePlan();
        AttentionBatch batch = new() { PageSize = 64 };
        batch.AddSequence(pages, keys, keys);
        backend.Plan(plan, batch);
        Tensor kv = backend.Allocate(DType.F32, new TensorShape(keys, kvHeads, headDim));
        backend.Upload<float>(TestData.Normal(keys * headDim, seed: 1), kv);
        backend.AppendKV(kv, kv, cache, 0, plan);
        batch.Clear();
        batch.AddSequence(pages, keys, newTokens);
        batch.AddItem(new AttentionItem(0, 0, newTokens, 0, keys, AttentionMask.Causal, keys - newTokens));
        backend.Plan(plan, batch);
        float[] queries = TestData.Normal(64 * qHeads * headDim, seed: 2);
        Tensor q = backend.Allocate(DType.F32, new TensorShape(newTokens, qHeads, headDim));
        backend.Upload<float>(queries.AsSpan(queries.Length - (newTokens * qHeads * headDim)), q);
        Tensor output = backend.Allocate(DType.F32, q.Shape);
        backend.Attention(q, cache, 0, plan, new AttentionParameters(0.25f, Window: window), output, default);
        return output.HostSpan<float>().ToArray();
    }

    private static Tensor Normal(CpuBackend backend, int tokens, int heads, int headDim)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(tokens, heads, headDim));
        backend.Upload<float>(TestData.Normal(tensor.Shape.ElementCount, seed: tokens + heads), tensor);
        return tensor;
    }
}
