using System.Globalization;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;

namespace LongContext.Cli.Commands;

/// <summary>A prompt's next-token logits, as numbers that read back exactly.</summary>
internal sealed class LogitsCommand : Command
{
    internal override string Name => "logits";

    internal override string Summary => "prints the logits of a prompt's last position, or of every one";

    internal override string Usage => "MODEL (--ids 1,2,3 | --ids-file FILE) [--all] [engine options] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
    [
        CommandLine.Options.Ids, CommandLine.Options.IdsFile, CommandLine.Options.All,
        .. CommandLine.Options.Engine, CommandLine.Options.Json,
    ];

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

        int[] ids = TokenIds.Read(arguments, arguments.RequireOneOf(CommandLine.Options.Ids, CommandLine.Options.IdsFile));
        LogitPositions positions = arguments.Has(CommandLine.Options.All) ? LogitPositions.All : LogitPositions.Last;

        ProgressLine progress = new();
        await using InferenceSession session = await ranks.Join(builder).BuildAsync(progress, cancellationToken);
        progress.Clear();
        IReadOnlyList<float[]> logits = await session.ComputeLogitsAsync(Prompt.FromTokens(ids), positions, cancellationToken);

        if (arguments.Has(CommandLine.Options.Json))
        {
            WriteJson(ids.Length, positions, logits);
        }
        else
        {
            // The last position: a number a line. Every position: a line each.
            foreach (float[] row in logits)
            {
                string separator = positions == LogitPositions.All ? " " : "\n";
                StandardOutput.Text.WriteLine(string.Join(separator, row.Select(x => x.ToString("R", CultureInfo.InvariantCulture))));
            }
        }

        return ExitCode.Success;
    }

    private static void WriteJson(int promptTokens, LogitPositions positions, IReadOnlyList<float[]> logits) => StandardOutput.WriteJson(writer =>
    {
        writer.WriteNumber("promptTokens", promptTokens);
        writer.WriteNumber("vocabularySize", logits[0].Length);
        writer.WritePropertyName("logits");
        if (positions == LogitPositions.Last)
        {
            writer.WriteNumbers(logits[0]);
            return;
        }

        writer.WriteStartArray();
        foreach (float[] row in logits)
        {
            writer.WriteNumbers(row);
            writer.Flush(); // the writer would hold all of it otherwise
        }

        writer.WriteEndArray();
    });
}
