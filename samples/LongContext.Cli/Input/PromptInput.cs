using LongContext.Cli.CommandLine;

namespace LongContext.Cli.Input;

/// <summary>Makes a prompt of <c>--prompt</c>, <c>--prompt-file</c>, <c>--ids</c> or <c>--ids-file</c> and of <c>--query</c> or <c>--query-ids</c>.</summary>
internal static class PromptInput
{
    internal static readonly Option[] Options =
    [
        CommandLine.Options.Prompt, CommandLine.Options.PromptFile, CommandLine.Options.Ids, CommandLine.Options.IdsFile,
        CommandLine.Options.Query, CommandLine.Options.QueryIds,
    ];

    internal static Prompt Read(Arguments arguments) => new(ReadContext(arguments), ReadQuery(arguments));

    private static PromptPart ReadContext(Arguments arguments)
    {
        Option given = arguments.RequireOneOf(
            CommandLine.Options.Prompt, CommandLine.Options.PromptFile, CommandLine.Options.Ids, CommandLine.Options.IdsFile);
        if (given == CommandLine.Options.Prompt)
        {
            return PromptPart.FromText(arguments.RequireText(given));
        }

        return given == CommandLine.Options.PromptFile
            ? PromptPart.FromText(TextInput.ReadFile(arguments.RequireText(given)))
            : PromptPart.FromTokens(TokenIds.Read(arguments, given));
    }

    private static PromptPart ReadQuery(Arguments arguments)
    {
        (string? text, string? ids) = (arguments.GetText(CommandLine.Options.Query), arguments.GetText(CommandLine.Options.QueryIds));
        return (text, ids) switch
        {
            (null, null) => default,
            (not null, null) => PromptPart.FromText(text),
            (null, not null) => PromptPart.FromTokens(TokenIds.Parse(ids, CommandLine.Options.QueryIds.Name)),
            _ => throw new UsageException("--query and --query-ids exclude each other."),
        };
    }
}
