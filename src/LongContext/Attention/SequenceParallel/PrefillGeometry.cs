namespace LongContext.Attention.SequenceParallel;

/// <summary>How one prompt is read: blocks, anchor, and how much each block passes on. A function of lengths and options alone, the same on every rank.</summary>
internal sealed class PrefillGeometry
{
    private readonly int[] _passingBefore;

    private PrefillGeometry(ContextBlocks blocks, Anchor anchor, int passingLength, int pageSize)
    {
        (Blocks, Anchor) = (blocks, anchor);
        _passingBefore = new int[blocks.Count + 1];
        for (int h = 0; h < blocks.Count; h++)
        {
            int candidates = (h == 0 ? Math.Max(0, blocks.Length(0) - anchor.Unselectable) : blocks.Length(h)) / pageSize * pageSize;
            _passingBefore[h + 1] = checked(_passingBefore[h] + Math.Min(passingLength, candidates));
        }
    }

    /// <summary>The blocks.</summary>
    internal ContextBlocks Blocks { get; }

    /// <summary>The anchor.</summary>
    internal Anchor Anchor { get; }

    /// <summary>Lays out a prompt.</summary>
    /// <param name="method">Star or APB.</param>
    /// <param name="options">Validated.</param>
    /// <param name="contextLength">Context tokens, as <see cref="ContextOf"/> says.</param>
    /// <param name="promptLength">Context and query.</param>
    /// <param name="pageSize">Slots of a page.</param>
    internal static PrefillGeometry For(
        AttentionMethod method, ApproximateAttentionOptions options, int contextLength, int promptLength, int pageSize)
    {
        ContextBlocks blocks = ContextBlocks.Cut(contextLength, options.Hosts, pageSize);
        if (method == AttentionMethod.Star)
        {
            return new PrefillGeometry(blocks, Anchor.Lay(AnchorLayout.ContextOnly, blocks.BlockLength, 0, blocks.BlockLength, pageSize), 0, pageSize);
        }

        Anchor anchor = Anchor.Lay(
            options.AnchorLayout, AnchorLength(options, contextLength), promptLength - contextLength, blocks.BlockLength, pageSize);
        return new PrefillGeometry(blocks, anchor, RoundUp(PassingLength(options, contextLength), pageSize), pageSize);
    }

    /// <summary>Leading tokens that are read in blocks: the prompt's context, or where it has no query, all but the last few tokens.</summary>
    internal static int ContextOf(ApproximateAttentionOptions options, int contextLength, int promptLength) =>
        contextLength < promptLength ? contextLength : promptLength - Math.Min(options.QueryTokens, promptLength);

    /// <summary>Most pages, beside those of the sequence, that any context up to <paramref name="contextLength"/> takes.</summary>
    internal static int ScratchPages(AttentionMethod method, ApproximateAttentionOptions options, int contextLength, int pageSize)
    {
        if (method != AttentionMethod.Apb)
        {
            return 0;
        }

        int block = ContextBlocks.Cut(contextLength, options.Hosts, pageSize).BlockLength;
        int anchor = options.AnchorLayout == AnchorLayout.ContextOnly ? 0
            : (int)Math.Min(2L * RoundUp(AnchorLength(options, contextLength), pageSize), 2L * block);
        long passing = (options.Hosts - 1L) * Math.Min(RoundUp(PassingLength(options, contextLength), pageSize), block);
        return checked((int)((anchor + passing) / pageSize));
    }

    /// <summary>Entries that hosts before <paramref name="host"/> passed on: the length of its passing block.</summary>
    internal int PassingBefore(int host) => _passingBefore[host];

    /// <summary>Entries that <paramref name="host"/> passes on; the last host none that anyone reads.</summary>
    internal int PassingOf(int host) => host + 1 < Blocks.Count ? _passingBefore[host + 1] - _passingBefore[host] : 0;

    /// <summary>Leading tokens of a block that are not passed on.</summary>
    internal int UnselectableOf(int host) => host == 0 ? Math.Min(Anchor.Unselectable, Blocks.Length(0)) : 0;

    /// <summary>Keys that a row of the block sees before the block's own.</summary>
    internal int KeysBefore(int host) => host == 0 ? 0 : Anchor.Length + PassingBefore(host);

    private static int AnchorLength(ApproximateAttentionOptions options, int contextLength) =>
        options.AnchorLength ?? Math.Min(contextLength / 32, 8_192);

    private static int PassingLength(ApproximateAttentionOptions options, int contextLength) =>
        options.Compressor == CompressorKind.None ? 0 : options.PassingLength ?? contextLength / 64;

    private static int RoundUp(int tokens, int pageSize) => checked((int)(((long)tokens + pageSize - 1) / pageSize * pageSize));
}
