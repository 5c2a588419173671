using System.Globalization;
using LongContext.Backends.Cpu;
using LongContext.Throughput.Ceilings;

namespace LongContext.Benchmarks.Profile;

/// <summary>
/// Where a request's time goes, operation by operation, and how far each is from the machine's ceilings measured in the same run:
/// <c>-- profile MODEL [promptTokens [decode [threads [precision]]]]</c>.
/// </summary>
/// <remarks>Rates are by processor time ÷ threads, so that other work on the machine does not lower them; with one thread they are exact,
/// with more they count waiting threads that spin as busy.</remarks>
internal static class OperationProfile
{
    internal static async Task RunAsync(string[] arguments, TextWriter output)
    {
        int prompt = Argument(1, 512), decode = Argument(2, 16), threads = Argument(3, Environment.ProcessorCount);
        ModelPrecision precision = arguments.Length > 4 ? Enum.Parse<ModelPrecision>(arguments[4], ignoreCase: true) : ModelPrecision.Auto;
        TimedBackend backend = null!;
        await using InferenceSession session = await InferenceSession.CreateBuilder()
            .UseModel(arguments[0])
            .UseBackend(() => backend = new TimedBackend(new CpuBackend(threads, precision)))
            .UseContextLength(Math.Max(prompt, 128) + decode + 1)
            .UsePrefixReuse(PrefixReuse.Disabled)
            .UseMaxConcurrentRequests(1)
            .BuildAsync();
        await GenerateAsync(session, 128, 8);
        backend.Costs.Clear();
        TokenUsage usage = await GenerateAsync(session, prompt, decode);
        (double gflops, double gigabytes) = Ceilings(threads);

        await output.WriteLineAsync(Invariant(
            $"{usage.PromptTokens} prompt tokens in {usage.TimeToFirstToken.TotalMilliseconds:F0} ms, {decode} more in {(usage.TotalTime - usage.TimeToFirstToken).TotalMilliseconds:F0} ms; "));
        await output.WriteLineAsync(Invariant($"ceilings on {threads} threads: {gflops:F0} GFLOP/s, {gigabytes:F1} GB/s read\n"));
        foreach (bool singleRow in new[] { false, true })
        {
            await WriteTableAsync(backend, singleRow, gflops, gigabytes, output);
        }

        int Argument(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
    }

    private static async Task WriteTableAsync(TimedBackend backend, bool singleRow, double gflops, double gigabytes, TextWriter output)
    {
        var costs = backend.Costs.Where(cost => cost.Key.SingleRow == singleRow).OrderByDescending(cost => cost.Value.Cpu.TotalSeconds).ToList();
        double all = costs.Sum(cost => cost.Value.Cpu.TotalSeconds);
        await output.WriteLineAsync($"| {(singleRow ? "one row (decode, and the head after a prompt)" : "many rows (prefill)")} | calls | ms | CPU ms | share | GFLOP/s | of ceiling | GB/s | of ceiling |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|");
        foreach (((string operation, _), OperationCost cost) in costs)
        {
            double seconds = cost.Cpu.TotalSeconds / backend.Info.Parallelism;
            double flops = cost.Flops / seconds / 1e9, bytes = cost.Bytes / seconds / 1e9;
            await output.WriteLineAsync(Invariant(
                $"| {operation} | {cost.Calls} | {cost.Elapsed.TotalMilliseconds:F1} | {cost.Cpu.TotalMilliseconds:F1} | {cost.Cpu.TotalSeconds / all:P1} | {flops:F1} | {flops / gflops:P0} | {bytes:F1} | {bytes / gigabytes:P0} |"));
        }

        await output.WriteLineAsync();
    }

    private static async Task<TokenUsage> GenerateAsync(InferenceSession session, int promptTokens, int decode)
    {
        Random random = new(promptTokens);
        int[] ids = [.. Enumerable.Range(0, promptTokens).Select(_ => random.Next(session.Model.VocabularySize))];
        GenerationOptions options = new() { MaxNewTokens = decode + 1, EndOfSequence = EndOfSequenceHandling.Ignore };
        return (await session.GenerateAsync(Prompt.FromTokens(ids), options)).Usage;
    }

    private static (double Gflops, double Gigabytes) Ceilings(int threads)
    {
        IReadOnlyList<Ceiling> measured = MachineCeilings.Measure(threads);
        double Of(string figure) => measured.Where(ceiling => ceiling.Figure == figure && ceiling.Threads == threads).Max(ceiling => ceiling.Value);
        return (Of(MachineCeilings.MultiplyAdd), Of(MachineCeilings.Read));
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
