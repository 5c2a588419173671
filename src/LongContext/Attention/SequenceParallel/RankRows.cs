using System.Runtime.InteropServices;
using LongContext.Communication;

namespace LongContext.Attention.SequenceParallel;

/// <summary>Which rank computes which rows of a step; every rank works out the same for all.</summary>
/// <remarks>
/// A chunk of many tokens is spread over the ranks by a <see cref="SequencePartition"/>; one of few is one rank's. A rank's rows stand in
/// this order: spread chunks that begin their sequence, spread chunks with tokens before them, then one rank's chunks with tokens before
/// them, and those without. So the rows of <see cref="Spread"/> are the first ones and those of <see cref="Later"/> stand together.
/// </remarks>
internal sealed class RankRows
{
    private readonly List<PlacedRun>[] _runs;
    private readonly int[,] _rows; // [rank, kind]: rows of each of the four kinds
    private readonly SequenceParallelLayout _layout;
    private readonly int _lastRank;

    /// <param name="ranks">Number of ranks.</param>
    /// <param name="layout">How chunks are spread.</param>
    internal RankRows(int ranks, SequenceParallelLayout layout)
    {
        (_layout, _lastRank) = (layout, ranks - 1);
        _runs = [.. Enumerable.Range(0, ranks).Select(_ => new List<PlacedRun>())];
        _rows = new int[ranks, 4];
    }

    /// <summary>Number of ranks.</summary>
    internal int Ranks => _runs.Length;

    /// <summary>Whether any chunk is spread over the ranks.</summary>
    internal bool AnySpread { get; private set; }

    /// <summary>Whether any chunk that is spread has tokens of its sequence before it.</summary>
    internal bool AnySpreadLater { get; private set; }

    /// <summary>Whether any row anywhere has tokens of its sequence before its chunk.</summary>
    internal bool AnyLater { get; private set; }

    /// <summary>Fewest tokens of a chunk that is spread over so many ranks.</summary>
    internal static int FewestSpread(int ranks) => Math.Max(16, 2 * ranks);

    /// <summary>Most rows of one rank in a step of at most so many prefill tokens and sequences.</summary>
    internal static int MostRows(int chunkSize, int sequences, int ranks)
    {
        long spread = ((chunkSize + ranks - 1L) / ranks) + (2L * sequences); // parts are within one token, and there are two
        long whole = Math.Min(chunkSize, (FewestSpread(ranks) - 1L) * sequences);
        return (int)Math.Min(chunkSize + (long)sequences, spread + whole + sequences);
    }

    /// <summary>The rows of a rank, in their order.</summary>
    internal ReadOnlySpan<PlacedRun> Of(int rank) => CollectionsMarshal.AsSpan(_runs[rank]);

    /// <summary>Rows of a rank.</summary>
    internal int Count(int rank) => _rows[rank, 0] + _rows[rank, 1] + _rows[rank, 2] + _rows[rank, 3];

    /// <summary>A rank's rows of chunks that are spread: its first ones.</summary>
    internal int Spread(int rank) => _rows[rank, 0] + _rows[rank, 1];

    /// <summary>A rank's rows of chunks that have tokens before them: where they start and how many.</summary>
    internal (int Start, int Count) Later(int rank) => (_rows[rank, 0], _rows[rank, 1] + _rows[rank, 2]);

    /// <summary>Places a step's chunks, here and in their <see cref="StepChunk.Shards"/>.</summary>
    internal void Place(ReadOnlySpan<StepChunk> chunks)
    {
        Array.Clear(_rows);
        (AnySpread, AnySpreadLater, AnyLater) = (false, false, false);
        foreach (List<PlacedRun> runs in _runs)
        {
            runs.Clear();
        }

        for (int kind = 0; kind < 4; kind++)
        {
            for (int c = 0; c < chunks.Length; c++)
            {
                if (Kind(chunks[c]) == kind)
                {
                    Place(c, chunks[c], kind);
                }
            }
        }
    }

    private int Kind(in StepChunk chunk)
    {
        bool spread = chunk.Count >= FewestSpread(Ranks) && Ranks > 1;
        return spread ? (chunk.Start == 0 ? 0 : 1) : (chunk.Start == 0 ? 3 : 2);
    }

    private void Place(int index, in StepChunk chunk, int kind)
    {
        ShardedSequence shards = chunk.Shards ?? throw new InvalidOperationException("A chunk that knows no shards, over ranks.");
        AnyLater |= chunk.Start > 0;
        if (kind >= 2)
        {
            int owner = _layout.Placement == DecodePlacement.LastRank ? _lastRank : shards.NextOwner(chunk.Count);
            Place(owner, new PlacedRun(index, new TokenRun(chunk.Start, chunk.Count)), shards, kind);
            return;
        }

        AnySpread = true;
        AnySpreadLater |= kind == 1;
        SequencePartition partition = _layout.Partition(chunk.Count, Ranks);
        int offset = FairestOffset(partition, shards.Counts);
        for (int part = 0; part < Ranks; part++)
        {
            foreach (TokenRun run in partition.Runs(part))
            {
                if (run.Count > 0)
                {
                    Place((part + offset) % Ranks, new PlacedRun(index, run with { Start = chunk.Start + run.Start }), shards, kind);
                }
            }
        }
    }

    private void Place(int rank, in PlacedRun placed, ShardedSequence shards, int kind)
    {
        _runs[rank].Add(placed);
        _rows[rank, kind] += (int)placed.Run.Count;
        shards.Place(rank, placed.Run);
    }

    /// <summary>Parts differ by a token or two: shifted over the ranks so that the fullest one stays as low as can be.</summary>
    private int FairestOffset(SequencePartition partition, ReadOnlySpan<int> counts)
    {
        (int best, long bestMost) = (0, long.MaxValue);
        for (int offset = 0; offset < Ranks; offset++)
        {
            long most = 0;
            for (int part = 0; part < Ranks; part++)
            {
                most = Math.Max(most, counts[(part + offset) % Ranks] + partition.Count(part));
            }

            (best, bestMost) = most < bestMost ? (offset, most) : (best, bestMost);
        }

        return best;
    }
}
