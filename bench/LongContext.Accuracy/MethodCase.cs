namespace LongContext.Accuracy;

/// <summary>One row of the table: a method with its options.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Label">As in the table.</param>
/// <param name="Method">The method.</param>
/// <param name="Options">Its options.</param>
/// <param name="Ranks">Ranks, which are threads of the process; 1 for methods on one rank.</param>
internal sealed record MethodCase(string Name, string Label, AttentionMethod Method, ApproximateAttentionOptions Options, int Ranks = 1)
{
    /// <summary>The rows of a table, in its order, if nothing else is asked for.</summary>
    internal static readonly string[] Names = ["full", "star", "heads", "distinct", "query", "recent", "random", "none", "no-anchor", "no-query"];

    /// <summary>Exact methods over ranks: their answers are full attention's.</summary>
    internal static readonly string[] RankedNames = ["ring", "ring-zigzag", "ulysses", "usp"];

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
            "ring" => new(name, "Ring", AttentionMethod.Ring, options, settings.Ranks),
            "ring-zigzag" => new(name, "Ring, zigzag", AttentionMethod.RingZigzag, options, settings.Ranks),
            "ulysses" => new(name, "Ulysses", AttentionMethod.Ulysses, options, settings.Ranks),
            "usp" => new(name, "USP", AttentionMethod.Usp, options, settings.Ranks),
            _ => throw new FormatException($"There is no method '{name}'; there are {string.Join(", ", Names.Concat(RankedNames))}."),
        };
    }
}
