using System.Globalization;
using LongContext.Throughput.Ceilings;

namespace LongContext.Benchmarks.Decode;

/// <summary>
/// Decode of one request against what memory gave just before and just after: <c>-- decode MODEL [contextTokens [rounds [threads [kvType]]]]</c>.
/// </summary>
/// <remarks>
/// A round is a few reads, some tokens, a few reads again, in one process: on a virtual machine the bandwidth changes from second to second, so a ceiling
/// from another second says little. What a token reads: all weights (a table of embeddings that is not the output matrix counts too, though only a row of
/// it is read) and the cached keys and values, to whole pages and one more: 0.2 % too much at most for a model of 1.3 GB.
/// </remarks>
internal static class DecodeShare
{
    private const int Tokens = 16, Reads = 12;

    internal static async Task RunAsync(string[] arguments, TextWriter output)
    {
        int context = Argument(1, 1), rounds = Argument(2, 15), threads = Argument(3, Environment.ProcessorCount);
        KVCacheType kv = arguments.Length > 4 ? Enum.Parse<KVCacheType>(arguments[4], ignoreCase: true) : KVCacheType.Q8_0;
        await using InferenceSession session = await InferenceSession.CreateBuilder()
            .UseModel(arguments[0])
            .UseCpu(threads)
            .UseKVCacheType(kv)
            .UseContextLength(Math.Max(context, 128) + Tokens + 1)
            .UseMaxConcurrentRequests(1)
            .BuildAsync();
        MemoryEstimate estimate = session.EstimateMemory(context + (Tokens / 2));
        double bytes = estimate.WeightBytes + estimate.KVCacheBytes;
        Random random = new(context);
        Prompt prompt = Prompt.FromTokens([.. Enumerable.Range(0, context).Select(_ => random.Next(session.Model.VocabularySize))]);
        List<double> reads = [], rates = [], shares = [];
        using ReadLoop loop = new(threads);
        for (int round = -2; round < rounds; round++) // the prompt's pages are there after the first
        {
            double before = MachineCeilings.BestRate(threads, loop, Reads);
            TokenUsage usage = (await session.GenerateAsync(
                prompt, new GenerationOptions { MaxNewTokens = Tokens + 1, EndOfSequence = EndOfSequenceHandling.Ignore })).Usage;
            double rate = Tokens / (usage.TotalTime - usage.TimeToFirstToken).TotalSeconds;
            double read = (before + MachineCeilings.BestRate(threads, loop, Reads)) / 2;
            if (round >= 0)
            {
                reads.Add(read);
                rates.Add(rate);
                shares.Add(rate * bytes / 1e9 / read);
            }
        }

        await output.WriteLineAsync(Invariant($"{threads} threads, context {context}, {bytes / 1e6:F0} MB a token; {rounds} rounds of {Tokens} tokens, least, median, greatest:"));
        await output.WriteLineAsync(Invariant($"memory read, GB/s: {Spread(reads, "F1")}"));
        await output.WriteLineAsync(Invariant($"decode, tokens/s: {Spread(rates, "F1")}"));
        await output.WriteLineAsync(Invariant($"of the read beside it: {Spread(shares, "P0")}"));

        int Argument(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
    }

    internal static string Spread(List<double> values, string format)
    {
        values.Sort();
        string Of(int index) => values[index].ToString(format, CultureInfo.InvariantCulture);
        return $"{Of(0)}, {Of(values.Count / 2)}, {Of(values.Count - 1)}";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
