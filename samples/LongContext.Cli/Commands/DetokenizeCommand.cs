using System.Text.Json.Nodes;
using LongContext.Cli.CommandLine;
using LongContext.Cli.Input;
using LongContext.Cli.Output;
using LongContext.Tokenization;

namespace LongContext.Cli.Commands;

/// <summary>Token ids to text.</summary>
internal sealed class DetokenizeCommand : Command
{
    internal override string Name => "detokenize";

    internal override string Summary => "turns token ids into text";

    internal override string Usage => "(MODEL | tokenizer.json | vocab.gguf) (--ids 1,2,3 | --ids-file FILE | --jsonl) [--skip-special] [--json]";

    internal override IReadOnlyList<Option> Options { get; } =
    [
        CommandLine.Options.Ids, CommandLine.Options.IdsFile, CommandLine.Options.JsonLines,
        CommandLine.Options.SkipSpecial, CommandLine.Options.LinkRoot, CommandLine.Options.Json,
    ];

    internal override Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.RequireModel("a model, tokenizer.json or GGUF file");
        Option given = arguments.RequireOneOf(CommandLine.Options.Ids, CommandLine.Options.IdsFile, CommandLine.Options.JsonLines);
        DecodeOptions decoding = arguments.Has(CommandLine.Options.SkipSpecial) ? DecodeOptions.SkipSpecialTokens : DecodeOptions.None;
        ITokenizer tokenizer = TokenizerLoader.Load(path, arguments.GetText(CommandLine.Options.LinkRoot));

        if (given == CommandLine.Options.JsonLines)
        {
            return Task.FromResult(JsonLineAnswers.Run(
                line => ToJson(tokenizer.Decode(JsonLineAnswers.RequireIds(line, "ids"), decoding)), cancellationToken));
        }

        string text = tokenizer.Decode(TokenIds.Read(arguments, given), decoding);
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

    private static JsonObject ToJson(string text) => new() { ["text"] = text };
}
