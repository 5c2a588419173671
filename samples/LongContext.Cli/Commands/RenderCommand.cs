using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;
using LongContext.Tokenization.ChatTemplates;

namespace LongContext.Cli.Commands;

/// <summary>A conversation as the model's chat template writes it.</summary>
internal sealed class RenderCommand : Command
{
    private const string TemplateExtension = ".jinja";

    internal override string Name => "render";

    internal override string Summary => "writes a conversation as the model's chat template has it";

    internal override string Usage => "(MODEL | template.jinja) (--messages FILE | --jsonl) [--now TIME] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
        [CommandLine.Options.Messages, CommandLine.Options.JsonLines, CommandLine.Options.Now, CommandLine.Options.LinkRoot, CommandLine.Options.Json];

    internal override Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.RequireModel("a model or a .jinja file");
        Option given = arguments.RequireOneOf(CommandLine.Options.Messages, CommandLine.Options.JsonLines);
        TimeProvider clock = ReadClock(arguments);
        Func<ChatTemplateInput, string> render = Load(path, arguments.GetText(CommandLine.Options.LinkRoot));

        if (given == CommandLine.Options.JsonLines)
        {
            return Task.FromResult(JsonLineAnswers.Run(line => ToJson(render(ToInput(line, clock))), cancellationToken));
        }

        using JsonDocument messages = JsonDocument.Parse(TextInput.ReadFile(arguments.RequireText(given)));
        string text = render(ToInput(messages.RootElement, clock));
        if (arguments.Has(CommandLine.Options.Json))
        {
            StandardOutput.WriteJson(ToJson(text));
        }
        else
        {
            StandardOutput.Text.WriteLine(text);
        }

        return Task.FromResult(ExitCode.Success);
    }

    /// <summary>A bare template has no model to take special tokens from: the conversation may have them as bos_token and eos_token.</summary>
    private static Func<ChatTemplateInput, string> Load(string path, string? linkRoot) => path.EndsWith(TemplateExtension, StringComparison.OrdinalIgnoreCase)
        ? ChatTemplate.Parse(TextInput.ReadFile(path)).Render
        : ModelChatTemplate.Load(path, linkRoot).Render;

    private static ChatTemplateInput ToInput(JsonElement conversation, TimeProvider clock)
    {
        ChatTemplateInput input = conversation.ValueKind == JsonValueKind.Array
            ? new ChatTemplateInput { Variables = new Dictionary<string, JsonElement> { ["messages"] = conversation } }
            : ChatTemplateInput.FromJson(conversation);
        return input.Variables.ContainsKey("messages")
            ? input with { TimeProvider = clock }
            : throw new UsageException("The conversation has no \"messages\".");
    }

    private static TimeProvider ReadClock(Arguments arguments)
    {
        if (arguments.GetText(CommandLine.Options.Now) is not { } text)
        {
            return TimeProvider.System;
        }

        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time)
            ? new FixedTime(DateTime.SpecifyKind(time, DateTimeKind.Utc))
            : throw new UsageException($"{CommandLine.Options.Now.Name} is '{text}'; it must be a time such as 2025-03-09T14:05:07.");
    }

    private static JsonObject ToJson(string text) => new() { ["text"] = text };

    /// <summary>A clock that stands still.</summary>
    private sealed class FixedTime(DateTime now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
