namespace LongContext;

/// <summary>How <see cref="AttentionMethod.Apb"/> and <see cref="AttentionMethod.Star"/> cut a context. Names and defaults are the papers'.</summary>
/// <remarks>
/// Lengths are in tokens and rounded up to whole KV-cache pages of 64; the published values are multiples. Star reads
/// <see cref="Hosts"/> and <see cref="MinimumLength"/> only: its anchor is the first block, without the query, and nothing is passed on.
/// </remarks>
public sealed record ApproximateAttentionOptions
{
    /// <summary>
    /// H: blocks that a context is cut into, 1 to 1,024. On one machine they are read one after another; default 8. Over ranks each reads its blocks
    /// while the others read theirs: a multiple of the ranks; default two for each, which balances their work.
    /// </summary>
    public int? Hosts { get; init; }

    /// <summary>
    /// l_a: the anchor's context tokens; default a 32nd of the context, at most 8,192 (1,024 at 32K, 4,096 at 128K). 0: no anchor, and no
    /// query before the blocks. Never more than a block.
    /// </summary>
    public int? AnchorLength { get; init; }

    /// <summary>l_p: keys that each block passes on to all later ones, for each layer and KV head; default a 64th of the context (512 at 32K, 2,048 at 128K).</summary>
    public int? PassingLength { get; init; }

    /// <summary>What the anchor is made of.</summary>
    public AnchorLayout AnchorLayout { get; init; } = AnchorLayout.QueryFirst;

    /// <summary>Whether the anchor's keys are kept for query and answer; default dropped.</summary>
    public AnchorKV AnchorKV { get; init; } = AnchorKV.Dropped;

    /// <summary>Which keys of the context the query sees; default all.</summary>
    public QueryMask QueryMask { get; init; } = QueryMask.Exact;

    /// <summary>Which keys are passed on; default retaining heads where <see cref="RetainingHeadsPath"/> is set, else distinct.</summary>
    public CompressorKind? Compressor { get; init; }

    /// <summary>A safetensors file of retaining heads for this model, in the layout of Locret's published ones.</summary>
    public string? RetainingHeadsPath { get; init; }

    /// <summary>Seed of <see cref="CompressorKind.Random"/>.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Contexts of fewer tokens are read with full attention; default: those where the method would not save a tenth of the operations.
    /// 0 uses the method wherever there are two blocks.
    /// </summary>
    public int? MinimumLength { get; init; }

    /// <summary>A prompt without a query takes its last so many tokens for one, a chat its last ones too; default 64, at least 1.</summary>
    public int QueryTokens { get; init; } = 64;
}
