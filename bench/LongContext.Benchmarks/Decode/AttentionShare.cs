using System.Diagnostics;
using System.Globalization;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Tensors;
using LongContext.Throughput.Ceilings;

namespace LongContext.Benchmarks.Decode;

/// <summary>
/// Attention of one row, as decode runs it, against what memory gave just before: <c>-- attention [contextTokens [rounds [threads [kvType [ordered|scattered]]]]]</c>.
/// </summary>
/// <remarks>Llama-3.2-1B's heads and layers. The context counts in whole chunks of 512. A round reads all layers some times and counts the fastest. Scattered: the sequence's pages lie in no order.</remarks>
internal static class AttentionShare
{
    private const int Layers = 16, KVHeads = 8, Group = 4, HeadDim = 64, PageSize = 64, Chunk = 512, Reads = 4, Passes = 6;

    internal static void Run(string[] arguments, TextWriter output)
    {
        int context = Math.Max(Argument(0, 16384) / Chunk, 1) * Chunk, rounds = Argument(1, 15), threads = Argument(2, Environment.ProcessorCount);
        DType type = arguments.Length > 3 ? Enum.Parse<DType>(arguments[3], ignoreCase: true) : DType.Q8_0;
        string order = arguments.Length > 4 ? arguments[4] : "ordered";
        bool isScattered = order switch
        {
            "ordered" => false,
            "scattered" => true,
            _ => throw new ArgumentException($"Pages lie 'ordered' or 'scattered', not '{order}'.", nameof(arguments)),
        };
        using CpuBackend backend = new(threads, ModelPrecision.Auto);
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(Layers, context / PageSize, PageSize, KVHeads, HeadDim, type));
        using AttentionPlan plan = backend.CreatePlan();
        int[] pages = [.. Enumerable.Range(0, context / PageSize)];
        if (isScattered)
        {
            new Random(3).Shuffle(pages);
        }

        Fill(backend, cache, plan, pages, context);
        Tensor q = RandomTensors.Create(DType.F32, new TensorShape(1, KVHeads * Group, HeadDim), seed: 2);
        Tensor result = backend.Allocate(DType.F32, q.Shape);
        backend.Plan(plan, Batch(pages, context, 1));
        List<double> reads = [], rates = [], shares = [];
        using ReadLoop loop = new(threads);
        for (int round = 0; round < rounds; round++)
        {
            double read = MachineCeilings.BestRate(threads, loop, Reads), best = double.MaxValue;
            for (int pass = 0; pass < Passes; pass++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int layer = 0; layer < Layers; layer++)
                {
                    backend.Attention(q, cache, layer, plan, new AttentionParameters(0.125f), result, default);
                }

                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            reads.Add(read);
            rates.Add(cache.ByteCount / best / 1e9);
            shares.Add(rates[^1] / read);
        }

        output.WriteLine(FormattableString.Invariant(
            $"{threads} threads, context {context}, {type}, pages {(isScattered ? "scattered" : "in order")}, {cache.ByteCount / 1e6:F0} MB; {rounds} rounds, least, median, greatest:"));
        output.WriteLine($"memory read, GB/s: {DecodeShare.Spread(reads, "F1")}");
        output.WriteLine($"attention, GB/s: {DecodeShare.Spread(rates, "F1")}");
        output.WriteLine($"of the read before it: {DecodeShare.Spread(shares, "P0")}");

        int Argument(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
    }

    private static void Fill(CpuBackend backend, KVCacheStorage cache, AttentionPlan plan, int[] pages, int context)
    {
        Tensor kv = RandomTensors.Create(DType.F32, new TensorShape(Chunk, KVHeads, HeadDim), seed: 1);
        for (int end = Chunk; end <= context; end += Chunk)
        {
            backend.Plan(plan, Batch(pages, end, Chunk));
            for (int layer = 0; layer < Layers; layer++)
            {
                backend.AppendKV(kv, kv, cache, layer, plan);
            }
        }
    }

    /// <summary>The last <paramref name="tokens"/> of a sequence of <paramref name="length"/> tokens.</summary>
    private static AttentionBatch Batch(int[] pages, int length, int tokens)
    {
        AttentionBatch batch = new() { PageSize = PageSize };
        batch.AddSequence(pages, kvLength: length, newTokens: tokens);
        batch.AddItem(new AttentionItem(0, 0, tokens, 0, length, AttentionMask.Causal, length - tokens));
        return batch;
    }
}
