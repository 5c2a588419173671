using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;
using NUnit.Framework;

namespace LongContext.Tests.Backends;

/// <summary>Keys and values lie in a page as they do when tokens come one by one, however many come at once and wherever they start.</summary>
[TestFixture]
internal sealed class AppendKVTests
{
    private const int PageSize = 64, Heads = 3, Tokens = 200;
    private static readonly int[] Pages = [3, 1, 4, 2];

    [Test]
    public void AppendKV_ManyTokensAtOnce_IsOneAfterAnother(
        [Values(DType.BF16, DType.Q8_0, DType.F32)] DType type, [Values(6, 32, 64, 96, 128, 192)] int headDim, [Values(0, 1, 38, 64)] int first)
    {
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto);
        Tensor k = Random(backend, headDim, seed: 1), v = Random(backend, headDim, seed: 2);
        (float[] keys, float[] values, float[] attended) = Append(backend, type, k, v, [first, Tokens - 1, Tokens]);
        (float[] keysOneByOne, float[] valuesOneByOne, float[] attendedOneByOne) = Append(backend, type, k, v, [.. Enumerable.Range(1, Tokens)]);

        Assert.That(keys, Is.EqualTo(keysOneByOne));
        Assert.That(values, Is.EqualTo(valuesOneByOne));
        Assert.That(attended, Is.EqualTo(attendedOneByOne));
        Assert.That(keys.Zip(k.HostSpan<float>().ToArray(), (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(0.05), "stored keys are the keys");
        Assert.That(values.Zip(v.HostSpan<float>().ToArray(), (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(0.05), "stored values are the values");
    }

    [Test]
    public void AppendKV_SeveralSequencesInOneStep_KeepsThemApart([Values(DType.BF16, DType.Q8_0)] DType type)
    {
        const int headDim = 64, half = Tokens / 2;
        using CpuBackend backend = new(threads: 2, ModelPrecision.Auto);
        Tensor k = Random(backend, headDim, seed: 3), v = Random(backend, headDim, seed: 4);
        KVCacheShape shape = new(Layers: 1, Pages: 5, PageSize, Heads, headDim, type);
        using KVCacheStorage together = backend.AllocateKVCache(shape), apart = backend.AllocateKVCache(shape);
        Step(backend, together, k, v, 0, Tokens, (Pages[..2], half, half), (Pages[2..], half, half));
        for (int token = 0; token < half; token++)
        {
            Step(backend, apart, k, v, token, 1, (Pages[..2], token + 1, 1));
            Step(backend, apart, k, v, half + token, 1, (Pages[2..], token + 1, 1));
        }

        int[] slots = [.. Slots(Pages[..2], half), .. Slots(Pages[2..], half)];
        Assert.That(Gather(backend, together, slots, headDim), Is.EqualTo(Gather(backend, apart, slots, headDim)));
    }

    private static (float[] Keys, float[] Values, float[] Attended) Append(CpuBackend backend, DType type, in Tensor k, in Tensor v, int[] ends)
    {
        int headDim = (int)k.Shape[2];
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(Layers: 1, Pages: 5, PageSize, Heads, headDim, type));
        int start = 0;
        AttentionPlan? plan = null;
        foreach (int end in ends)
        {
            plan = Step(backend, cache, k, v, start, end - start, (Pages, end, end - start));
            start = end;
        }

        Tensor q = k.Slice(0, 1), output = backend.Allocate(DType.F32, q.Shape);
        backend.Attention(q, cache, layer: 0, plan!, new AttentionParameters(1 / MathF.Sqrt(headDim)), output, default);
        (float[] keys, float[] values) = Gather(backend, cache, Slots(Pages, Tokens), headDim);
        return (keys, values, output.HostSpan<float>().ToArray());
    }

    private static AttentionPlan? Step(
        CpuBackend backend, KVCacheStorage cache, in Tensor k, in Tensor v, int start, int count, params (int[] Pages, int Length, int Rows)[] sequences)
    {
        if (count == 0)
        {
            return null;
        }

        AttentionBatch batch = new() { PageSize = PageSize };
        foreach ((int[] pages, int length, int rows) in sequences)
        {
            batch.AddSequence(pages.AsSpan(0, (length + PageSize - 1) / PageSize).ToArray(), length, rows);
        }

        AttentionPlan plan = backend.CreatePlan();
        backend.Plan(plan, batch);
        backend.AppendKV(k.Slice(start, count), v.Slice(start, count), cache, layer: 0, plan);
        return plan;
    }

    private static (float[] Keys, float[] Values) Gather(CpuBackend backend, KVCacheStorage cache, int[] slots, int headDim)
    {
        Tensor numbers = backend.Allocate(DType.I32, new TensorShape(slots.Length, Heads));
        backend.Upload<int>([.. slots.SelectMany(slot => Enumerable.Repeat(slot, Heads))], numbers);
        Tensor k = backend.Allocate(DType.F32, new TensorShape(slots.Length, Heads, headDim));
        Tensor v = backend.Allocate(DType.F32, new TensorShape(slots.Length, Heads, headDim));
        backend.GatherKV(cache, layer: 0, numbers, k, v);
        return (k.HostSpan<float>().ToArray(), v.HostSpan<float>().ToArray());
    }

    private static int[] Slots(int[] pages, int count) => [.. Enumerable.Range(0, count).Select(i => (pages[i / PageSize] * PageSize) + (i % PageSize))];

    private static Tensor Random(CpuBackend backend, int headDim, int seed)
    {
        Tensor tensor = backend.Allocate(DType.F32, new TensorShape(Tokens, Heads, headDim));
        Random random = new(seed);
        foreach (ref float x in tensor.HostSpan<float>())
        {
            x = (random.NextSingle() * 4) - 2;
        }

        return tensor;
    }
}
