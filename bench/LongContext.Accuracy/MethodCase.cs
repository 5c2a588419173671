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

    /// <summary>Exact methods over ranks.</summary>
    internal static readonly string[] RankedNames = ["ring", "ring-zigzag", "ulysses", "usp"];

    private const int FewRanks = 4; // unless the name says otherwise

    /// <summary>A row for contexts of <paramref name="length"/> tokens; null if it needs heads and there are none.</summary>
    /// <param name="name">One of the names; <c>name@4</c> runs over 4 ranks, threads of this process.</param>
    /// <param name="length">Of the contexts.</param>
    /// <param name="settings">Of all rows.</param>
    /// <exception cref="FormatException">There is no such row.</exception>
    internal static MethodCase? Create(string name, int length, Settings settings)
    {
        string[] parts = name.Split('@');
        MethodCase? one = CreateOne(parts[0], length, settings);
        bool known = int.TryParse(parts[^1], out int ranks) && ranks > 1;
        return parts.Length == 1 || one is null ? one
            : known ? one with { Name = name, Label = $"{one.Label}, {ranks} ranks", Ranks = ranks }
            : throw new FormatException($"'{name}': after the @ stands a number of ranks, 2 or more.");
    }

    private static MethodCase? CreateOne(string name, int length, Settings settings)
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
            "ring" => new(name, "Ring", AttentionMethod.Ring, options, FewRanks),
            "ring-zigzag" => new(name, "Ring, zigzag", AttentionMethod.RingZigzag, options, FewRanks),
            "ulysses" => new(name, "Ulysses", AttentionMethod.Ulysses, options, FewRanks),
            "usp" => new(name, "USP", AttentionMethod.Usp, options, FewRanks),
            _ => throw new FormatException($"There is no method '{name}'; there are {string.Join(", ", Names.Concat(RankedNames))}."),
        };
    }
}
