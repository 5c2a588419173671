using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;

namespace LongContext.Cli.Commands;

/// <summary>One prompt in, its continuation out, as it is decoded.</summary>
internal sealed class RunCommand : Command
{
    internal override string Name => "run";

    internal override string Summary => "continues a prompt";

    internal override string Usage =>
        "MODEL (--prompt TEXT | --prompt-file FILE | --ids 1,2,3 | --ids-file FILE) [--query TEXT | --query-ids 1,2,3] [options] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
        [.. PromptInput.Options, .. CommandLine.Options.Generation, .. CommandLine.Options.Engine, CommandLine.Options.Json];

    internal override async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string model = arguments.RequireModel("a model");
        EngineOptions engine = EngineOptions.From(arguments);
        InferenceSessionBuilder builder = engine.CreateBuilder(model);
        using RankProcess ranks = RankProcess.Of(engine);
        if (ranks.IsWorker)
        {
            return ranks.Work(builder);
        }

        ProgressLine progress = new();
        GenerationOptions options = SamplingArguments.Read(arguments) with { PrefillProgress = progress };
        Prompt prompt = PromptInput.Read(arguments);
        bool json = arguments.Has(CommandLine.Options.Json);

        await using InferenceSession session = await ranks.Join(builder).BuildAsync(progress, cancellationToken);
        StreamedAnswer answer = new();
        await answer.ReadAsync(session.StreamAsync(prompt, options, cancellationToken), json ? null : StandardOutput.Text, progress);

        if (json)
        {
            StandardOutput.WriteJson(answer.ToJson());
        }
        else
        {
            StandardOutput.Text.WriteLine();
            await StandardOutput.Text.FlushAsync(cancellationToken);
            await Console.Error.WriteLineAsync(answer.Report?.ToString());
        }

        return ExitCode.Success;
    }
}
