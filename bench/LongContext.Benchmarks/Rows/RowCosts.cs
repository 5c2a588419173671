using System.Diagnostics;
using System.Globalization;
using LongContext.Backends.Cpu;
using LongContext.Tensors;
using LongContext.Throughput.Ceilings;

namespace LongContext.Benchmarks.Rows;

/// <summary>
/// What a linear layer costs from one row to a batch of them, type by type, against the memory rate measured in the same run:
/// <c>-- rows [threads [features [outputs [types]]]]</c>.
/// </summary>
/// <remarks>
/// Weights come from memory: each pass goes through layers of more than ten times the bytes that the last cache has. Times are the least of interleaved
/// repeats, by processor time with one thread, by the clock with more. The figure to watch is tokens/s relative to one row: doubling the rows must never cost twice the time while memory is the bound.
/// </remarks>
internal static class RowCosts
{
    private const long PassBytes = 400_000_000;
    private const int Repeats = 9;
    private static readonly int[] Counts = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

    internal static void Run(string[] arguments, TextWriter output)
    {
        int threads = Argument(0, Environment.ProcessorCount), features = Argument(1, 2_048), outputs = Argument(2, 8_192);
        DType[] types = arguments.Length > 3
            ? [.. arguments[3].Split(',').Select(Enum.Parse<DType>)]
            : [DType.BF16, DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q6_K];
        double gigabytes = MachineCeilings.Measure(threads).Where(c => c.Figure == MachineCeilings.Read && c.Threads == threads).Max(c => c.Value);
        output.WriteLine(Invariant($"{threads} threads, {features} to {outputs}, memory read {gigabytes:F1} GB/s; tokens/s relative to one row, GB/s of weights in brackets"));
        output.WriteLine($"| weights | GB/s, 1 row | of read | {string.Join(" | ", Counts.Skip(1))} |");
        output.WriteLine($"|---|---|---|{string.Concat(Counts.Skip(1).Select(_ => "---|"))}");
        foreach (ModelPrecision precision in new[] { ModelPrecision.Float32, ModelPrecision.Auto })
        {
            using CpuBackend backend = new(threads, precision);
            foreach (DType type in types)
            {
                WriteLine(backend, precision, type, features, outputs, gigabytes, output);
            }
        }

        int Argument(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
    }

    private static void WriteLine(
        CpuBackend backend, ModelPrecision precision, DType type, int features, int outputs, double gigabytes, TextWriter output)
    {
        long layerBytes = BlockFormat.Of(type).ByteCount((long)features * outputs);
        int layers = (int)Math.Max(PassBytes / layerBytes, 1);
        Tensor file = RandomTensors.Create(type, new TensorShape((long)layers * outputs, features), seed: 1);
        Tensor weights = backend.ImportWeight(file);
        Tensor input = RandomTensors.Create(DType.F32, new TensorShape(Counts.Max(), features), seed: 2);
        Tensor y = backend.Allocate(DType.F32, new TensorShape(Counts.Max(), outputs));
        double[] best = new double[Counts.Length];
        Array.Fill(best, double.MaxValue);
        for (int repeat = -1; repeat < Repeats; repeat++)
        {
            for (int i = 0; i < Counts.Length; i++)
            {
                TimeSpan start = Now();
                for (int layer = 0; layer < layers; layer++)
                {
                    backend.Linear(input.Slice(0, Counts[i]), weights.Slice((long)layer * outputs, outputs), default, y.Slice(0, Counts[i]));
                }

                best[i] = repeat < 0 ? best[i] : Math.Min(best[i], (Now() - start).TotalSeconds);
            }
        }

        // One thread's processor time is the steadier clock where other work shares the cores; of several threads it would count waiting.
        TimeSpan Now() => backend.Info.Parallelism == 1 ? Environment.CpuUsage.TotalTime : Stopwatch.GetElapsedTime(0);
        double bytes = (double)layers * layerBytes / 1e9;
        string rest = string.Join(" | ", Enumerable.Range(1, Counts.Length - 1).Select(i =>
            Invariant($"{Counts[i] * best[0] / best[i]:F1} ({bytes / best[i]:F1})")));
        output.WriteLine(Invariant($"| {type} {precision} | {bytes / best[0]:F1} | {bytes / best[0] / gigabytes:P0} | {rest} |"));
        weights.Storage.Dispose();
        file.Storage.Dispose();
        input.Storage.Dispose();
        y.Storage.Dispose();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
