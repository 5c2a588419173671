using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;

namespace LongContext.Cli.Commands;

/// <summary>Measures prefill and decode at given prompt lengths: one JSON object a line for each.</summary>
/// <remarks>
/// Prompts are token ids drawn with a fixed seed, nothing is reused between runs, and end-of-sequence tokens are ignored. One short
/// request comes before, so that the just-in-time compiler is done; its length is in the output.
/// </remarks>
internal sealed class BenchCommand : Command
{
    private const int WarmUpTokens = 128;
    private const int WarmUpDecode = 8;

    internal override string Name => "bench";

    internal override string Summary => "measures prefill and decode speed";

    internal override string Usage => "MODEL [--prompt-tokens 512,4096] [--decode 16] [--concurrent 1] [engine options]";

    internal override IReadOnlyList<Option> Options { get; } =
        [CommandLine.Options.PromptTokens, CommandLine.Options.Decode, CommandLine.Options.Concurrent, .. CommandLine.Options.Engine, CommandLine.Options.Json];

    internal override async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string model = arguments.RequireModel("a model");
        int[] lengths = arguments.GetText(CommandLine.Options.PromptTokens) is { } text
            ? TokenIds.Parse(text, CommandLine.Options.PromptTokens.Name)
            : [512, 4096];
        int decode = arguments.GetInteger(CommandLine.Options.Decode, minimum: 1) ?? 16;
        int concurrent = arguments.GetInteger(CommandLine.Options.Concurrent, minimum: 1) ?? 1;
        EngineOptions engine = EngineOptions.From(arguments);
        engine = engine with { Context = engine.Context ?? (int)Math.Min((long)lengths.Max() + decode, int.MaxValue) };

        InferenceSessionBuilder builder = engine.CreateBuilder(model).UsePrefixReuse(PrefixReuse.Disabled).UseMaxConcurrentRequests(concurrent);
        builder = concurrent > 1 ? builder.UseKVCacheTokens(concurrent * (engine.Context.Value + 64L)) : builder; // each in pages of its own
        using RankProcess ranks = RankProcess.Of(engine);
        if (ranks.IsWorker)
        {
            return ranks.Work(builder);
        }

        ProgressLine progress = new();
        await using InferenceSession session = await ranks.Join(builder).BuildAsync(progress, cancellationToken);

        int warmUp = Math.Min(WarmUpTokens, Math.Max(1, session.ContextLength - WarmUpDecode));
        await GenerateAsync(session, warmUp, WarmUpDecode, seed: 0, progress, cancellationToken);
        foreach (int length in lengths)
        {
            TokenUsage[] usages = await Task.WhenAll(Enumerable.Range(0, concurrent).Select(
                seed => GenerateAsync(session, length, decode, seed, progress, cancellationToken)));
            StandardOutput.WriteJson(Describe(model, session, engine, ranks.Size, warmUp, usages));
        }

        return ExitCode.Success;
    }

    private static async Task<TokenUsage> GenerateAsync(
        InferenceSession session, int promptTokens, int decode, int seed, ProgressLine progress, CancellationToken cancellationToken)
    {
        GenerationOptions options = new()
        {
            MaxNewTokens = decode,
            EndOfSequence = EndOfSequenceHandling.Ignore,
            PrefillProgress = progress,
        };
        Random random = new(promptTokens + seed);
        int[] ids = [.. Enumerable.Range(0, promptTokens).Select(_ => random.Next(session.Model.VocabularySize))];
        GenerationResult result = await session.GenerateAsync(Prompt.FromTokens(ids), options, cancellationToken);
        progress.Clear();
        return result.Usage;
    }

    private static JsonObject Describe(string model, InferenceSession session, EngineOptions engine, int ranks, int warmUp, TokenUsage[] usages)
    {
        JsonObject json = new()
        {
            ["model"] = model,
            ["architecture"] = session.Model.Architecture,
            ["weightBytes"] = session.Model.WeightBytes,
            ["threads"] = engine.ThreadCount,
            ["attention"] = JsonNames.Of(engine.Attention),
            ["ranks"] = ranks,
            ["kv"] = JsonNames.Of(engine.KV),
            ["precision"] = JsonNames.Of(engine.Precision),
            ["chunk"] = engine.Chunk,
            ["contextLength"] = session.ContextLength,
            ["warmUpTokens"] = warmUp,
        };
        new RunReport(usages[0]).AddTo(json);
        if (usages.Length > 1)
        {
            json["concurrent"] = usages.Length;
            json["allDecodeTokensPerSecond"] = AllDecoded(usages);
        }

        return json;
    }

    /// <summary>New tokens of all requests after their first ones, over the time from the first first token to the end of all.</summary>
    private static double AllDecoded(TokenUsage[] usages) =>
        usages.Sum(u => u.NewTokens - 1) / (usages.Max(u => u.TotalTime) - usages.Min(u => u.TimeToFirstToken)).TotalSeconds;
}
