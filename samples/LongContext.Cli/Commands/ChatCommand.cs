using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;

namespace LongContext.Cli.Commands;

/// <summary>A conversation: one line of standard input is one message of the user.</summary>
internal sealed class ChatCommand : Command
{
    internal override string Name => "chat";

    internal override string Summary => "holds a conversation";

    internal override string Usage => "MODEL [--system TEXT] [options] [--json]    (a line is a message; /reset begins anew, /exit ends)";

    internal override IReadOnlyList<Option> Options { get; } =
        [CommandLine.Options.System, .. CommandLine.Options.Generation, .. CommandLine.Options.Engine, CommandLine.Options.Json];

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
        ChatMessage[] beginning = arguments.GetText(CommandLine.Options.System) is { } system ? [ChatMessage.System(system)] : [];
        bool json = arguments.Has(CommandLine.Options.Json);

        await using InferenceSession session = await ranks.Join(builder).BuildAsync(progress, cancellationToken);
        progress.Clear();
        List<ChatMessage> messages = [.. beginning];
        using StreamReader input = TextInput.OpenStandardInput();
        while (await ReadMessageAsync(input, cancellationToken) is { } line and not "/exit")
        {
            if (line == "/reset")
            {
                messages = [.. beginning];
            }
            else if (line.Length > 0)
            {
                messages.Add(ChatMessage.User(line));
                StreamedAnswer answer = new();
                await answer.ReadAsync(
                    session.StreamChatAsync(messages, options, cancellationToken), json ? null : StandardOutput.Text, progress);
                messages.Add(ChatMessage.Assistant(answer.Text));
                Finish(answer, json);
            }
        }

        return ExitCode.Success;
    }

    /// <summary>The next line; null at the end of the input.</summary>
    private static async Task<string?> ReadMessageAsync(StreamReader input, CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected)
        {
            await Console.Error.WriteAsync("> ");
        }

        // Reading from a terminal does not see the token by itself.
        return await input.ReadLineAsync(cancellationToken).AsTask().WaitAsync(cancellationToken);
    }

    private static void Finish(StreamedAnswer answer, bool json)
    {
        if (json)
        {
            StandardOutput.WriteJson(answer.ToJson());
            return;
        }

        StandardOutput.Text.WriteLine();
        StandardOutput.Text.Flush();
        if (!Console.IsErrorRedirected)
        {
            Console.Error.WriteLine($"({answer.Report})");
        }
    }
}
