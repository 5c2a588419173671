using System.Text.Json;
using LongContext;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Commands;
using LongContext.Cli.Output;
using LongContext.Communication;

Command[] commands =
[
    new InspectCommand(), new TokenizeCommand(), new DetokenizeCommand(), new RenderCommand(),
    new LogitsCommand(), new RunCommand(), new BenchCommand(), new PlanCommand(), new CompareCommand(), new ChatCommand(),
    new TrainRetainingHeadsCommand(),
];

using CancellationTokenSource cancellation = new();
Console.CancelKeyPress += (_, e) =>
{
    // The first Ctrl+C asks, the second one ends the process at once.
    e.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
};

try
{
    int exitCode = await RunAsync(args, commands, cancellation.Token);
    await StandardOutput.Text.FlushAsync(CancellationToken.None);
    return exitCode;
}
catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return ExitCode.Cancelled;
}
catch (Exception e)
{
    Console.Error.WriteLine($"Error: {e.Message}{Hint(e)}");
    return IsBadInput(e) ? ExitCode.BadInput : OfRanks(e) ?? ExitCode.Failure;
}

static async Task<int> RunAsync(string[] args, Command[] commands, CancellationToken cancellationToken)
{
    switch (args)
    {
        case []:
            HelpText.WriteAll(Console.Error, commands);
            return ExitCode.BadInput;
        case ["--help" or "-h" or "help", ..]:
            HelpText.WriteAll(StandardOutput.Text, commands);
            return ExitCode.Success;
        case ["--version"]:
            StandardOutput.Text.WriteLine(HelpText.Version);
            return ExitCode.Success;
    }

    Command command = commands.FirstOrDefault(c => c.Name == args[0])
        ?? throw new UsageException(Suggestion.ForCommand(args[0], commands.Select(c => c.Name)));
    if (args.AsSpan(1).ContainsAny("--help", "-h"))
    {
        HelpText.WriteCommand(StandardOutput.Text, command);
        return ExitCode.Success;
    }

    return await command.RunAsync(Arguments.Parse(command, args.AsSpan(1)), cancellationToken);
}

// The library speaks to programmers; what its methods are called here.
static string Hint(Exception e) => e switch
{
    ContextLengthExceededException => " Here that is --context and --max-tokens.",
    KVCacheCapacityException => " Here that is --context.",
    _ => "",
};

// A rank's failure, itself or as what stopped the engine.
static int? OfRanks(Exception e)
{
    for (Exception? cause = e; cause is not null; cause = cause.InnerException)
    {
        if (cause is CommunicatorException { Fault.Kind: FaultKind kind })
        {
            return kind == FaultKind.ConfigurationMismatch ? ExitCode.RanksDiffer : ExitCode.RankFailed;
        }
    }

    return null;
}

// What the caller can mend: the command line, the files it names, the prompt. Everything else is a failure.
static bool IsBadInput(Exception e) => e is UsageException or JsonException
    or ConfigurationException or ModelFormatException or UnsupportedModelException or ChatTemplateException
    or InvalidRequestException or ContextLengthExceededException or KVCacheCapacityException
    or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException;
