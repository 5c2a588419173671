namespace LongContext.Cli.CommandLine;

/// <summary>The options of approximate attention.</summary>
internal static class ApproximationArguments
{
    private const string Heads = "heads:";

    /// <param name="arguments">The command line.</param>
    /// <param name="blocks">Blocks; null: the default.</param>
    internal static ApproximateAttentionOptions Read(Arguments arguments, int? blocks)
    {
        ApproximateAttentionOptions options = new()
        {
            Hosts = blocks,
            AnchorLength = arguments.GetInteger(Options.Anchor, minimum: 0),
            PassingLength = arguments.GetInteger(Options.Passing, minimum: 0),
            AnchorLayout = arguments.GetChoice(
                Options.AnchorLayout, ("query-first", AnchorLayout.QueryFirst), ("released", AnchorLayout.Released),
                ("context-only", AnchorLayout.ContextOnly)) ?? AnchorLayout.QueryFirst,
            AnchorKV = arguments.GetChoice(Options.AnchorKV, ("dropped", AnchorKV.Dropped), ("kept", AnchorKV.KeptForQuery)) ?? AnchorKV.Dropped,
            QueryMask = arguments.GetChoice(Options.QueryMask, ("exact", QueryMask.Exact), ("released", QueryMask.Released)) ?? QueryMask.Exact,
            MinimumLength = arguments.GetInteger(Options.MinimumLength, minimum: 0),
        };
        return arguments.GetText(Options.Compressor) is { } compressor && compressor.StartsWith(Heads, StringComparison.Ordinal)
            ? options with { Compressor = CompressorKind.RetainingHeads, RetainingHeadsPath = compressor[Heads.Length..] }
            : options with
            {
                Compressor = arguments.GetChoice(
                    Options.Compressor, ("heads:FILE", CompressorKind.RetainingHeads), ("distinct", CompressorKind.Distinct), ("query", CompressorKind.QueryAware),
                    ("recent", CompressorKind.Recent), ("random", CompressorKind.Random), ("none", CompressorKind.None)),
            };
    }
}
