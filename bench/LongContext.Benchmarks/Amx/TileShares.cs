using System.Diagnostics;
using System.Globalization;
using LongContext.Backends;
using LongContext.Backends.Cpu;
using LongContext.Backends.Cpu.MachineCode;
using LongContext.Tensors;
using LongContext.Throughput.Ceilings;

namespace LongContext.Benchmarks.Amx;

/// <summary>
/// What linear layers and attention reach of the tile registers' ceiling, measured in the same run: <c>-- amx [threads]</c>.
/// </summary>
/// <remarks>
/// Best of many repeats: where another's work shares a core's tiles their rate falls to a quarter for seconds, so one figure alone says
/// little; the ceilings are measured before and after.
/// </remarks>
internal static class TileShares
{
    private const int Repeats = 15;

    internal static void Run(string[] arguments, TextWriter output)
    {
        if (AmxKernels.Find() is null)
        {
            output.WriteLine("no AMX here: " + Reason());
            return;
        }

        int threads = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        output.WriteLine(Invariant($"{threads} threads; GFLOP/s (GOP/s of bytes), and of the ceiling of bfloat16 products on registers"));
        double ceiling = WriteCeilings(threads, output);
        using CpuBackend backend = new(threads, ModelPrecision.Auto);
        foreach (DType type in (DType[])[DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K])
        {
            foreach ((int rows, int features, int outputs) in ((int, int, int)[])[(2048, 2048, 2048), (512, 2048, 8192), (512, 8192, 2048), (64, 2048, 8192)])
            {
                double rate = LinearRate(backend, type, rows, features, outputs);
                output.WriteLine(Invariant($"linear {type}, {rows} rows, {features} to {outputs}: {rate:F0} ({rate / ceiling:P0})"));
            }
        }

        foreach (int headDim in (int[])[64, 128])
        {
            foreach ((int length, int rows) in ((int, int)[])[(8192, 8192), (32768, 1024), (32768, 1)])
            {
                double rate = AttentionRate(backend, headDim, length, rows);
                output.WriteLine(Invariant($"attention, the last {rows} rows of {length}, 8 heads of {headDim}: {rate:F0} ({rate / ceiling:P0})"));
            }
        }

        WriteCeilings(threads, output);
    }

    private static string Reason() =>
        !MachineCodeSwitch.IsAmxOn ? "switched off by the environment"
        : !ProcessorFeatures.HasBF16Tiles ? "the processor has no tile registers, or no bfloat16 products of them"
        : !AmxPermission.IsGranted ? "the system does not let this process use them"
        : "the kernels fail their check";

    private static double WriteCeilings(int threads, TextWriter output)
    {
        double ceiling = MachineCeilings.BestRate(threads, TileLoop.BF16());
        output.WriteLine(Invariant($"ceiling, bfloat16: {ceiling:F0}; with loads from the first-level cache: {MachineCeilings.BestRate(threads, TileLoop.BF16WithLoads()):F0}; bytes: {MachineCeilings.BestRate(threads, TileLoop.Bytes()):F0}"));
        return ceiling;
    }

    private static double LinearRate(CpuBackend backend, DType type, int rows, int features, int outputs)
    {
        Tensor weight = RandomTensors.Create(type, new TensorShape(outputs, features), seed: 1), x = RandomTensors.Create(DType.F32, new TensorShape(rows, features), seed: 2);
        Tensor y = backend.Allocate(DType.F32, new TensorShape(rows, outputs));
        double seconds = Best(() => backend.Linear(x, weight, default, y));
        foreach (Tensor tensor in (Tensor[])[weight, x, y])
        {
            tensor.Storage.Dispose();
        }

        return 2.0 * rows * features * outputs / seconds / 1e9;
    }

    private static double AttentionRate(CpuBackend backend, int headDim, int length, int rows)
    {
        const int heads = 8, pageSize = 64;
        int[] pages = [.. Enumerable.Range(0, length / pageSize)];
        using KVCacheStorage cache = backend.AllocateKVCache(new KVCacheShape(1, pages.Length, pageSize, heads, headDim, DType.BF16));
        using AttentionPlan plan = backend.CreatePlan();
        Tensor kv = RandomTensors.Create(DType.F32, new TensorShape(length, heads, headDim), seed: 3), q = kv.Slice(0, rows);
        Tensor output = backend.Allocate(DType.F32, q.Shape);
        AttentionBatch all = new() { PageSize = pageSize };
        all.AddSequence(pages, length, length);
        backend.Plan(plan, all);
        backend.AppendKV(kv, kv, cache, 0, plan);
        AttentionBatch last = new() { PageSize = pageSize };
        last.AddSequence(pages, length, rows);
        last.AddItem(new AttentionItem(0, 0, rows, 0, length, AttentionMask.Causal, length - rows));
        backend.Plan(plan, last);
        double seconds = Best(() => backend.Attention(q, cache, 0, plan, new AttentionParameters(0.1f), output, default));
        kv.Storage.Dispose();
        output.Storage.Dispose();
        double pairs = ((double)rows * length) - (rows * (rows - 1.0) / 2); // of a row and a key it sees
        return 4 * pairs * headDim * heads / seconds / 1e9;
    }

    private static double Best(Action action)
    {
        double best = double.MaxValue;
        for (int repeat = -2; repeat < Repeats; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = repeat < 0 ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
