using System.Globalization;
using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;
using LongContext.Tokenization;

namespace LongContext.Cli.Commands;

/// <summary>Text to token ids.</summary>
internal sealed class TokenizeCommand : Command
{
    internal override string Name => "tokenize";

    internal override string Summary => "turns text into token ids";

    internal override string Usage => "(MODEL | tokenizer.json | vocab.gguf) (--text TEXT | --file FILE | --jsonl) [--no-special] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
    [
        CommandLine.Options.Text, CommandLine.Options.File, CommandLine.Options.JsonLines,
        CommandLine.Options.NoSpecial, CommandLine.Options.PlainText, CommandLine.Options.LinkRoot, CommandLine.Options.Json,
    ];

    internal override Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.RequireModel("a model, tokenizer.json or GGUF file");
        Option given = arguments.RequireOneOf(CommandLine.Options.Text, CommandLine.Options.File, CommandLine.Options.JsonLines);
        EncodeOptions encoding =
            (arguments.Has(CommandLine.Options.NoSpecial) ? EncodeOptions.None : EncodeOptions.AddSpecialTokens) |
            (arguments.Has(CommandLine.Options.PlainText) ? EncodeOptions.None : EncodeOptions.ParseSpecialTokens);
        ITokenizer tokenizer = TokenizerLoader.Load(path, arguments.GetText(CommandLine.Options.LinkRoot));

        if (given == CommandLine.Options.JsonLines)
        {
            return Task.FromResult(JsonLineAnswers.Run(
                line => ToJson(tokenizer.Encode(JsonLineAnswers.RequireText(line, "text"), encoding)), cancellationToken));
        }

        string text = given == CommandLine.Options.Text ? arguments.RequireText(given) : TextInput.ReadFile(arguments.RequireText(given));
        IReadOnlyList<int> ids = tokenizer.Encode(text, encoding);
        if (arguments.Has(CommandLine.Options.Json))
        {
            StandardOutput.WriteJson(ToJson(ids));
        }
        else
        {
            StandardOutput.Text.WriteLine(string.Join(' ', ids.Select(id => id.ToString(CultureInfo.InvariantCulture))));
        }

        return Task.FromResult(ExitCode.Success);
    }

    private static JsonObject ToJson(IReadOnlyList<int> ids) => new()
    {
        ["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]),
        ["count"] = ids.Count,
    };
}
