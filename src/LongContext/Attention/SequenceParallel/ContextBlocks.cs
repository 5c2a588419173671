namespace LongContext.Attention.SequenceParallel;

/// <summary>A context cut into blocks of equal length, the last one perhaps shorter. Block h belongs to (virtual) host h, from 0.</summary>
/// <param name="ContextLength">l_d: tokens of the context.</param>
/// <param name="BlockLength">l_b: tokens of a block; whole pages.</param>
internal readonly record struct ContextBlocks(int ContextLength, int BlockLength)
{
    /// <summary>Blocks; fewer than the hosts where rounding to pages leaves none for the last.</summary>
    internal int Count => (int)(((long)ContextLength + BlockLength - 1) / BlockLength);

    /// <summary>Cuts among <paramref name="hosts"/> hosts.</summary>
    internal static ContextBlocks Cut(int contextLength, int hosts, int pageSize)
    {
        long even = ((long)contextLength + hosts - 1) / hosts;
        return new ContextBlocks(contextLength, checked((int)Math.Max(pageSize, (even + pageSize - 1) / pageSize * pageSize)));
    }

    /// <summary>Position of a block's first token.</summary>
    internal int Start(int block) => block * BlockLength;

    /// <summary>Position after a block's last token.</summary>
    internal int End(int block) => (int)Math.Min(ContextLength, (block + 1L) * BlockLength);

    /// <summary>Tokens of a block.</summary>
    internal int Length(int block) => End(block) - Start(block);

    /// <summary>The block of a position.</summary>
    internal int BlockOf(int position) => position / BlockLength;
}
