namespace LongContext.Attention.SequenceParallel;

/// <summary>Which rank reads which block: in rounds over the ranks, every other round backwards, so that a rank of an early block has a late one too.</summary>
/// <remarks>With two blocks for each rank, rank r has blocks r and 2 · ranks − 1 − r: all see equally much before their own tokens.</remarks>
/// <param name="Ranks">Number of ranks.</param>
internal readonly record struct BlockPlacement(int Ranks)
{
    /// <summary>Blocks for so many ranks where nothing else is said: the fewest that balance.</summary>
    internal static int DefaultBlocks(int ranks) => 2 * ranks;

    /// <summary>The rank that reads a block.</summary>
    internal int RankOf(int block)
    {
        (int round, int place) = Math.DivRem(block, Ranks);
        return round % 2 == 0 ? place : Ranks - 1 - place;
    }

    /// <summary>How many blocks its rank has before it.</summary>
    internal int PlaceOf(int block) => block / Ranks;

    /// <summary>Most blocks of a rank.</summary>
    internal int MostBlocks(int blocks) => (int)(((long)blocks + Ranks - 1) / Ranks);

    /// <summary>Whether the context's beginning, where it is the anchor itself, is a block of this rank.</summary>
    internal bool HasAnchorItself(PrefillGeometry geometry, int rank) => geometry.Anchor.IsContext && RankOf(0) == rank;

    /// <summary>Whether a rank computes the anchor's rows: for a later block, or because a compressor may score by the query in them.</summary>
    internal bool ComputesAnchor(PrefillGeometry geometry, int rank)
    {
        bool later = false;
        for (int block = 1; block < geometry.Blocks.Count && !later; block++)
        {
            later = RankOf(block) == rank;
        }

        bool scored = RankOf(0) == rank && geometry.PassingOf(0) > 0 && geometry.Anchor.QueryTokens > 0;
        return geometry.Anchor.Length > 0 && (later || scored) && !HasAnchorItself(geometry, rank);
    }
}
