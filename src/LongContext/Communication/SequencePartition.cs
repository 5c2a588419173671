namespace LongContext.Communication;

/// <summary>Which tokens of a sequence each rank holds. Every token is on exactly one rank, whatever the length; a rank's runs ascend.</summary>
/// <remarks>
/// Under a causal mask a later token sees more keys. <see cref="Contiguous"/> gives the last rank almost twice the average work;
/// <see cref="Zigzag"/> cuts 2 · ranks chunks and gives rank r chunk r and chunk 2 · ranks − 1 − r: a cheap one and a dear one, the same
/// work for all. Knows positions only.
/// </remarks>
internal sealed class SequencePartition
{
    private readonly TokenRun[] _runs; // [ranks, RunsPerRank]

    private SequencePartition(long tokens, int ranks, int runsPerRank, Func<int, int, TokenRun> run)
    {
        (Tokens, Ranks, RunsPerRank) = (tokens, ranks, runsPerRank);
        _runs = new TokenRun[ranks * runsPerRank];
        for (int i = 0; i < _runs.Length; i++)
        {
            _runs[i] = run(i / runsPerRank, i % runsPerRank);
        }
    }

    /// <summary>Tokens of the sequence.</summary>
    internal long Tokens { get; }

    /// <summary>Ranks that share them.</summary>
    internal int Ranks { get; }

    /// <summary>Runs of each rank, empty ones included.</summary>
    internal int RunsPerRank { get; }

    /// <summary>One run a rank, in rank order, lengths within one token of each other.</summary>
    internal static SequencePartition Contiguous(long tokens, int ranks)
    {
        Check(tokens, ranks);
        return new SequencePartition(tokens, ranks, 1, (rank, _) => TokenRun.Part(tokens, rank, ranks));
    }

    /// <summary>Two runs a rank, one from the front and one from the back, lengths within one token of each other.</summary>
    internal static SequencePartition Zigzag(long tokens, int ranks)
    {
        Check(tokens, ranks);
        return new SequencePartition(
            tokens, ranks, 2, (rank, run) => TokenRun.Part(tokens, run == 0 ? rank : (2 * ranks) - 1 - rank, 2 * ranks));
    }

    /// <summary>The runs of a rank, in ascending order.</summary>
    internal ReadOnlySpan<TokenRun> Runs(int rank) => _runs.AsSpan(rank * RunsPerRank, RunsPerRank);

    /// <summary>Tokens that a rank holds.</summary>
    internal long Count(int rank)
    {
        long count = 0;
        foreach (TokenRun run in Runs(rank))
        {
            count += run.Count;
        }

        return count;
    }

    /// <summary>How many of a rank's tokens, which are its first ones, come before <paramref name="position"/>.</summary>
    internal long CountBefore(int rank, long position)
    {
        long count = 0;
        foreach (TokenRun run in Runs(rank))
        {
            count += Math.Clamp(position - run.Start, 0, run.Count);
        }

        return count;
    }

    /// <summary>The rank that holds <paramref name="position"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such token.</exception>
    internal int OwnerOf(long position)
    {
        for (int i = 0; i < _runs.Length; i++)
        {
            if (position >= _runs[i].Start && position < _runs[i].End)
            {
                return i / RunsPerRank;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(position), position, $"The sequence has {Tokens} tokens.");
    }

    /// <summary>Pairs of a query on <paramref name="rank"/> and a key anywhere that it sees under a causal mask.</summary>
    internal long CausalPairs(int rank)
    {
        long pairs = 0;
        foreach (TokenRun run in Runs(rank))
        {
            pairs = checked(pairs + (run.Count * run.Start) + (run.Count * (run.Count + 1) / 2));
        }

        return pairs;
    }

    private static void Check(long tokens, int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
    }
}
