using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Output;

namespace LongContext.Cli.Commands;

/// <summary>What a model is and what it needs, from its headers alone: nothing is loaded.</summary>
internal sealed class InspectCommand : Command
{
    private const int DefaultContext = 32_768;

    internal override string Name => "inspect";

    internal override string Summary => "shows a model's architecture, sizes and memory need";

    internal override string Usage => "MODEL [--context N] [--kv f32|bf16|q8_0] [--chunk N] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
        [.. CommandLine.Options.Engine, CommandLine.Options.Json];

    internal override Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.RequireModel("a model");
        EngineOptions engine = EngineOptions.From(arguments);
        InferenceSessionBuilder builder = engine.CreateBuilder(path);
        ModelInfo model = builder.Inspect();
        int context = engine.Context ?? Math.Min(model.MaxContextLength, DefaultContext);
        MemoryEstimate memory = builder.EstimateMemory(context);

        if (arguments.Has(CommandLine.Options.Json))
        {
            StandardOutput.WriteJson(ToJson(path, model, engine, context, memory));
        }
        else
        {
            Write(path, model, engine, context, memory);
        }

        return Task.FromResult(ExitCode.Success);
    }

    private static JsonObject ToJson(string path, ModelInfo model, EngineOptions engine, int context, MemoryEstimate memory) => new()
    {
        ["path"] = path,
        ["architecture"] = model.Architecture,
        ["parameterCount"] = model.ParameterCount,
        ["weightBytes"] = model.WeightBytes,
        ["layers"] = model.Layers,
        ["hiddenSize"] = model.HiddenSize,
        ["intermediateSize"] = model.IntermediateSize,
        ["qHeads"] = model.QHeads,
        ["kvHeads"] = model.KVHeads,
        ["headDim"] = model.HeadDim,
        ["vocabularySize"] = model.VocabularySize,
        ["maxContextLength"] = model.MaxContextLength,
        ["memoryEstimate"] = new JsonObject
        {
            ["contextLength"] = context,
            ["kv"] = JsonNames.Of(engine.KV),
            ["weightBytes"] = memory.WeightBytes,
            ["kvCacheBytes"] = memory.KVCacheBytes,
            ["activationBytes"] = memory.ActivationBytes,
            ["totalBytes"] = memory.TotalBytes,
        },
    };

    private static void Write(string path, ModelInfo model, EngineOptions engine, int context, MemoryEstimate memory)
    {
        StreamWriter output = StandardOutput.Text;
        output.WriteLine(path);
        output.WriteLine($"  architecture   {model.Architecture}");
        output.WriteLine($"  weights        {model.ParameterCount:N0} {(model.WeightBytes > 0 ? $"in {Size(model.WeightBytes)}" : "(no weight files here)")}");
        output.WriteLine($"  layers         {model.Layers}, hidden size {model.HiddenSize}");
        output.WriteLine($"  heads          {model.QHeads} query, {model.KVHeads} key/value, of {model.HeadDim} features");
        output.WriteLine($"  vocabulary     {model.VocabularySize:N0} tokens");
        output.WriteLine($"  context        made for {model.MaxContextLength:N0} tokens");
        output.WriteLine($"  memory         {Size(memory.TotalBytes)} at {context:N0} tokens of context: weights {Size(memory.WeightBytes)}, " +
            $"KV cache ({JsonNames.Of(engine.KV)}) {Size(memory.KVCacheBytes)}, activations {Size(memory.ActivationBytes)}");
    }

    private static string Size(long bytes) => bytes switch
    {
        < 10_000_000 => $"{bytes / 1e6:F2} MB",
        < 10_000_000_000 => $"{bytes / 1e6:N0} MB",
        _ => $"{bytes / 1e9:F1} GB",
    };
}
