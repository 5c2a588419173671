namespace LongContext.Attention.SequenceParallel;

/// <summary>How one prompt is read: blocks, anchor, and how much each block passes on. A function of lengths and options alone, the same on every rank.</summary>
internal sealed class PrefillGeometry
{
    private const int DefaultBlocks = 8;

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
        ContextBlocks blocks = ContextBlocks.Cut(contextLength, BlocksOf(options), pageSize);
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

    /// <summary>Blocks that a context is cut into; rounding to pages may leave fewer.</summary>
    internal static int BlocksOf(ApproximateAttentionOptions options) => options.Hosts ?? DefaultBlocks;

    /// <summary>Tokens of a block of a context of so many.</summary>
    internal static int BlockLength(ApproximateAttentionOptions options, int contextLength, int pageSize) =>
        ContextBlocks.Cut(contextLength, BlocksOf(options), pageSize).BlockLength;

    /// <summary>Most pages, beside those of the sequence, that any context up to <paramref name="contextLength"/> takes on one machine.</summary>
    internal static int ScratchPages(AttentionMethod method, ApproximateAttentionOptions options, int contextLength, int pageSize)
    {
        bool ownAnchor = method == AttentionMethod.Star || options.AnchorLayout == AnchorLayout.ContextOnly; // the sequence's own beginning
        return checked((ownAnchor ? 0 : AnchorPages(method, options, contextLength, pageSize)) + PassingPages(method, options, contextLength, pageSize));
    }

    /// <summary>Most pages of an anchor.</summary>
    internal static int AnchorPages(AttentionMethod method, ApproximateAttentionOptions options, int contextLength, int pageSize)
    {
        int block = BlockLength(options, contextLength, pageSize);
        long tokens = method == AttentionMethod.Star ? block : Math.Min(2L * RoundUp(AnchorLength(options, contextLength), pageSize), 2L * block);
        return checked((int)(tokens / pageSize));
    }

    /// <summary>Most pages of what blocks pass on.</summary>
    internal static int PassingPages(AttentionMethod method, ApproximateAttentionOptions options, int contextLength, int pageSize)
    {
        int block = BlockLength(options, contextLength, pageSize);
        long each = method != AttentionMethod.Apb ? 0 : Math.Min(RoundUp(PassingLength(options, contextLength), pageSize), block);
        return checked((int)((BlocksOf(options) - 1L) * each / pageSize));
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
