namespace LongContext.Cli.CommandLine;

/// <summary>The options of approximate attention.</summary>
internal static class ApproximationArguments
{
    private const string Heads = "heads:";

    internal static ApproximateAttentionOptions Read(Arguments arguments)
    {
        ApproximateAttentionOptions options = new()
        {
            Hosts = arguments.GetInteger(Options.Hosts, minimum: 1) ?? 8,
            AnchorLength = arguments.GetInteger(Options.Anchor, minimum: 0),
            PassingLength = arguments.GetInteger(Options.Passing, minimum: 0),
            MinimumLength = arguments.GetInteger(Options.MinimumLength, minimum: 0),
        };
        return arguments.GetText(Options.Compressor) is { } compressor && compressor.StartsWith(Heads, StringComparison.Ordinal)
            ? options with { Compressor = CompressorKind.RetainingHeads, RetainingHeadsPath = compressor[Heads.Length..] }
            : options with
            {
                Compressor = arguments.GetChoice(
                    Options.Compressor, ("heads:FILE", CompressorKind.RetainingHeads), ("query", CompressorKind.QueryAware),
                    ("recent", CompressorKind.Recent), ("random", CompressorKind.Random), ("none", CompressorKind.None)),
            };
    }
}
