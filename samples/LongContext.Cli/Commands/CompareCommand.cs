using System.Globalization;
using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;
using LongContext.Tokenization;

namespace LongContext.Cli.Commands;

/// <summary>How far an attention method is from full attention on one prompt: divergence, agreement, and the time it saves.</summary>
internal sealed class CompareCommand : Command
{
    internal override string Name => "compare";

    internal override string Summary => "tells how far an approximate attention method is from full attention on a prompt";

    internal override string Usage =>
        "MODEL (--prompt TEXT | --prompt-file FILE | --ids 1,2,3 | --ids-file FILE) [--query TEXT] [--decode N] [engine options] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
        [.. PromptInput.Options, CommandLine.Options.Decode, .. CommandLine.Options.Engine, CommandLine.Options.Json];

    internal override async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string model = arguments.RequireModel("a model");
        EngineOptions engine = EngineOptions.From(arguments);
        InferenceSessionBuilder builder = engine.CreateBuilder(model).UsePrefixReuse(PrefixReuse.Disabled);
        using RankProcess ranks = RankProcess.Of(engine);
        if (ranks.IsWorker)
        {
            return ranks.Work(builder);
        }

        int tokens = arguments.GetInteger(CommandLine.Options.Decode, minimum: 1) ?? 16;
        Prompt prompt = PromptInput.Read(arguments);
        ProgressLine progress = new();

        await using InferenceSession exact = await engine.AsFull().CreateBuilder(model)
            .UsePrefixReuse(PrefixReuse.Disabled).BuildAsync(progress, cancellationToken);
        await using InferenceSession other = await ranks.Join(builder).BuildAsync(progress, cancellationToken);
        progress.Clear();
        AttentionComparison comparison = await exact.CompareAttentionAsync(other, prompt, tokens, cancellationToken);
        if (arguments.Has(CommandLine.Options.Json))
        {
            StandardOutput.WriteJson(ToJson(model, engine, comparison));
        }
        else
        {
            Write(engine, exact, comparison);
        }

        return ExitCode.Success;
    }

    private static JsonObject ToJson(string model, EngineOptions engine, AttentionComparison c) => new()
    {
        ["model"] = model,
        ["attention"] = JsonNames.Of(engine.Attention),
        ["promptTokens"] = c.PromptTokens,
        ["continuation"] = new JsonArray([.. c.Continuation.Select(id => (JsonNode)id)]),
        ["divergences"] = new JsonArray([.. c.Divergences.Select(d => (JsonNode)d)]),
        ["meanDivergence"] = c.MeanDivergence,
        ["maxDivergence"] = c.MaxDivergence,
        ["top1Agreement"] = c.Top1Agreement,
        ["readingRecall"] = c.ReadingRecall,
        ["answeringRecall"] = c.AnsweringRecall,
        ["keyRecalls"] = new JsonArray([.. c.KeyRecalls.Select(r => (JsonNode)new JsonObject
        {
            ["layer"] = r.Layer,
            ["kvHead"] = r.KVHead,
            ["readingFocus"] = r.ReadingFocus,
            ["readingRecall"] = r.ReadingRecall,
            ["answeringFocus"] = r.AnsweringFocus,
            ["answeringRecall"] = r.AnsweringRecall,
        })]),
        ["fullTimeToFirstTokenSeconds"] = c.TimeToFirstToken.TotalSeconds,
        ["timeToFirstTokenSeconds"] = c.OtherTimeToFirstToken.TotalSeconds,
        ["speedup"] = c.Speedup,
    };

    private static void Write(EngineOptions engine, InferenceSession session, AttentionComparison c)
    {
        StreamWriter output = StandardOutput.Text;
        output.WriteLine(Line($"{JsonNames.Of(engine.Attention)} against full attention, {c.PromptTokens:N0} prompt tokens, {c.Continuation.Count} tokens of continuation:"));
        output.WriteLine(Line($"  divergence     {c.MeanDivergence:G3} nats on average, {c.MaxDivergence:G3} at most (Kullback-Leibler)"));
        output.WriteLine(Line($"  same choice    {c.Top1Agreement * 100:F1} % of the tokens"));
        output.WriteLine(Line(
            $"  first token    after {c.OtherTimeToFirstToken.TotalSeconds:F2} s, full attention {c.TimeToFirstToken.TotalSeconds:F2} s: {c.Speedup:F2} times as fast"));
        WriteRecall(output, c);
        output.WriteLine(Line($"  continuation   {session.Tokenizer.Decode(c.Continuation, DecodeOptions.None).ReplaceLineEndings(" ")}"));
    }

    /// <summary>Which keys the method passed on, in a line for each layer.</summary>
    private static void WriteRecall(StreamWriter output, AttentionComparison c)
    {
        if (c.ReadingRecall is not { } reading || c.AnsweringRecall is not { } answering)
        {
            return;
        }

        output.WriteLine(Line($"  keys kept      {reading * 100:F1} % of those that full attention looks at in earlier blocks while reading, {answering * 100:F1} % while answering"));
        foreach (IGrouping<int, KeyRecall> layer in c.KeyRecalls.GroupBy(r => r.Layer))
        {
            AttentionComparison own = c with { KeyRecalls = [.. layer] };
            output.WriteLine(Line(
                $"    layer {layer.Key,-5}  {own.ReadingRecall * 100,5:F1} %, {own.AnsweringRecall * 100,5:F1} %"));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
