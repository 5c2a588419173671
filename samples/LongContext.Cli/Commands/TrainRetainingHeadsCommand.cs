using System.Globalization;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;

namespace LongContext.Cli.Commands;

/// <summary>Trains retaining heads for a model, for APB's passing blocks.</summary>
internal sealed class TrainRetainingHeadsCommand : Command
{
    private const int ReportEvery = 10;

    internal override string Name => "train-retaining-heads";

    internal override string Summary => "trains the heads that choose which keys APB passes on";

    internal override string Usage => "MODEL --text FILE[,FILE...] --out HEADS.safetensors [options]";

    internal override IReadOnlyList<Option> Options { get; } =
    [
        CommandLine.Options.TrainingText, CommandLine.Options.Out, CommandLine.Options.Steps, CommandLine.Options.Width, CommandLine.Options.LearningRate,
        CommandLine.Options.WarmUp, CommandLine.Options.Clipping, CommandLine.Options.SampleTokens, CommandLine.Options.ContinuationTokens,
        CommandLine.Options.TrainingSeed, CommandLine.Options.Threads,
    ];

    internal override Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string model = arguments.RequireModel("a model");
        string[] texts = arguments.RequireText(CommandLine.Options.TrainingText).Split(',');
        string output = arguments.RequireText(CommandLine.Options.Out);
        int promptTokens = arguments.GetInteger(CommandLine.Options.SampleTokens, minimum: 2) ?? 4_096;
        int continuationTokens = arguments.GetInteger(CommandLine.Options.ContinuationTokens, minimum: 1) ?? 256;
        RetainingHeadTrainingOptions options = Read(arguments);

        ProgressLine loading = new();
        using RetainingHeadTrainer trainer = RetainingHeadTrainer.Open(model, options, loading, clock: null, cancellationToken);
        loading.Clear();
        List<RetainingHeadSample> samples = [];
        foreach (string text in texts)
        {
            samples.AddRange(TrainingSamples.Read(text, trainer.Tokenizer, promptTokens, continuationTokens));
        }

        Console.Error.WriteLine($"{samples.Count} samples");
        trainer.Train(samples, output, new Averages(), cancellationToken);
        return Task.FromResult(ExitCode.Success);
    }

    private static RetainingHeadTrainingOptions Read(Arguments arguments)
    {
        RetainingHeadTrainingOptions defaults = new();
        int steps = arguments.GetInteger(CommandLine.Options.Steps, minimum: 1) ?? defaults.Steps;
        return defaults with
        {
            Steps = steps,
            Width = arguments.GetInteger(CommandLine.Options.Width, minimum: 1) ?? defaults.Width,
            LearningRate = arguments.GetNumber(CommandLine.Options.LearningRate) ?? defaults.LearningRate,
            WarmUpSteps = arguments.GetInteger(CommandLine.Options.WarmUp, minimum: 0) ?? steps / 10,
            Clipping = arguments.GetChoice(
                CommandLine.Options.Clipping, ("norm", GradientClipping.Norm), ("value", GradientClipping.Value)) ?? GradientClipping.Norm,
            Seed = arguments.GetInteger(CommandLine.Options.TrainingSeed, minimum: 0) ?? 0,
            Threads = arguments.GetInteger(CommandLine.Options.Threads, minimum: 0) ?? 0,
        };
    }

    private sealed class Averages : IProgress<RetainingHeadTrainingProgress>
    {
        private double _loss, _recall;
        private int _count;

        public void Report(RetainingHeadTrainingProgress value)
        {
            (_loss, _recall, _count) = (_loss + value.Loss, _recall + value.Recall, _count + 1);
            if (value.Step % ReportEvery == 0 || value.Step == value.Steps)
            {
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"step {value.Step} of {value.Steps}: loss {_loss / _count:E3}, recall {_recall / _count:F3}, {value.Elapsed.TotalSeconds:F0} s"));
                (_loss, _recall, _count) = (0, 0, 0);
            }
        }

    }
}
