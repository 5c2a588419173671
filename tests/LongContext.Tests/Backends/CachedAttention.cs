using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Conformance;

namespace LongContext.Tests.Backends;

/// <summary>One sequence in a cache of a given type, and attention over it: what tests of each type's kernels have in common.</summary>
internal static class CachedAttention
{
    /// <summary>Bytes that steps of a whole prompt allocate, once warm.</summary>
    internal static long AllocatedBytes(CpuBackend backend, DType cacheType)
    {
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, 8, 64, 2, 64, cacheType));
        using AttentionPlan plan = backend.CreatePlan();
        AttentionBatch batch = new() { PageSize = 64 };
        batch.AddSequence([0, 1, 2, 3, 4, 5, 6, 7], kvLength: 500, newTokens: 500);
        batch.AddItem(new AttentionItem(0, 0, 500, 0, 500, AttentionMask.Causal, 0));
        Tensor q = backend.Allocate(DType.F32, new TensorShape(500, 4, 64)), kv = backend.Allocate(DType.F32, new TensorShape(500, 2, 64));
        long allocated = Allocations.OfThisThread(
            () =>
            {
                backend.Plan(plan, batch);
                backend.AppendKV(kv, kv, cache, 0, plan);
                backend.Attention(q, cache, 0, plan, new AttentionParameters(0.125f, 20, 100), q, default);
            },
            warmUp: 2,
            repeats: 5);
        q.Storage.Dispose();
        kv.Storage.Dispose();
        return allocated;
    }

    /// <summary>The last <paramref name="count"/> rows of a sequence, <paramref name="chunk"/> of them a step.</summary>
    internal static (float[] Output, float[] Lse) LastRows(
        CpuBackend backend, DType cacheType, int length, int count, int chunk, int pageSize, int window)
    {
        const int kvHeads = 2, qHeads = 6, headDim = 80;
        int[] pages = [.. Enumerable.Range(0, (length + pageSize - 1) / pageSize)];
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, pages.Length, pageSize, kvHeads, headDim, cacheType));
        using AttentionPlan plan = backend.CreatePlan();
        AttentionBatch batch = new() { PageSize = pageSize };
        batch.AddSequence(pages, length, length);
        backend.Plan(plan, batch);
        float[] numbers = TestData.Normal(length * kvHeads * headDim, seed: 1);
        Tensor kv = backend.Allocate(DType.F32, new TensorShape(length, kvHeads, headDim));
        backend.Upload<float>(numbers, kv);
        backend.AppendKV(kv, kv, cache, 0, plan);
        float[] output = new float[count * qHeads * headDim], lse = new float[count * qHeads];
        Tensor q = backend.Allocate(DType.F32, new TensorShape(count, qHeads, headDim)), result = backend.Allocate(DType.F32, q.Shape);
        Tensor sums = backend.Allocate(DType.F32, new TensorShape(count, qHeads));
        backend.Upload<float>(TestData.Normal(output.Length, seed: 2), q);
        for (int done = 0; done < count; done += chunk)
        {
            int rows = Math.Min(chunk, count - done);
            int end = length - count + done + rows;
            batch.Clear();
            batch.AddSequence(pages.AsSpan(0, (end + pageSize - 1) / pageSize), end, rows);
            batch.AddItem(new AttentionItem(0, 0, rows, 0, end, AttentionMask.Causal, end - rows));
            backend.Plan(plan, batch);
            backend.Attention(q.Slice(done, rows), cache, 0, plan, new AttentionParameters(0.11f, 0, window), result.Slice(done, rows), sums.Slice(done, rows));
        }

        backend.Download(result, output);
        backend.Download(sums, lse);
        foreach (Tensor tensor in (Tensor[])[kv, q, result, sums])
        {
            tensor.Storage.Dispose();
        }

        return (output, lse);
    }
}
