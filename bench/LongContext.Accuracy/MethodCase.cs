namespace LongContext.Accuracy;

/// <summary>One row of the table: a method with its options.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Label">As in the table.</param>
/// <param name="Method">The method.</param>
/// <param name="Options">Its options.</param>
internal sealed record MethodCase(string Name, string Label, AttentionMethod Method, ApproximateAttentionOptions Options)
{
    /// <summary>Every row there is, in the order of the table.</summary>
    internal static readonly string[] Names = ["full", "star", "heads", "distinct", "query", "recent", "random", "none", "no-anchor", "no-query"];

    /// <summary>A row for contexts of <paramref name="length"/> tokens; null if it needs heads and there are none.</summary>
    internal static MethodCase? Create(string name, int length, Settings settings)
    {
        ApproximateAttentionOptions options = new()
        {
            Hosts = settings.Hosts,
            AnchorLength = settings.Anchor,
            PassingLength = settings.Passing ?? length / 32,
            AnchorLayout = settings.Layout,
            MinimumLength = 0,
        };
        ApproximateAttentionOptions heads = options with { RetainingHeadsPath = settings.Heads };
        bool ready = settings.Heads is not null;
        return name switch
        {
            "full" => new(name, "full", AttentionMethod.Full, options),
            "star" => new(name, "Star", AttentionMethod.Star, options),
            "heads" => ready ? new(name, "APB, retaining heads", AttentionMethod.Apb, heads) : null,
            "distinct" => new(name, "APB, distinct", AttentionMethod.Apb, options with { Compressor = CompressorKind.Distinct }),
            "query" => new(name, "APB, query-aware", AttentionMethod.Apb, options with { Compressor = CompressorKind.QueryAware }),
            "recent" => new(name, "APB, recent", AttentionMethod.Apb, options with { Compressor = CompressorKind.Recent }),
            "random" => new(name, "APB, random", AttentionMethod.Apb, options with { Compressor = CompressorKind.Random }),
            "none" => new(name, "APB, nothing passed", AttentionMethod.Apb, options with { Compressor = CompressorKind.None }),
            "no-anchor" => ready ? new(name, "APB, heads, no anchor", AttentionMethod.Apb, heads with { AnchorLength = 0 }) : null,
            "no-query" => ready ? new(name, "APB, heads, no query in the anchor", AttentionMethod.Apb, heads with { AnchorLayout = AnchorLayout.ContextOnly }) : null,
            _ => throw new FormatException($"There is no method '{name}'; there are {string.Join(", ", Names)}."),
        };
    }
}
