using FsCheck;
using FsCheck.Fluent;
using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Communication;

[TestFixture]
internal sealed class SequencePartitionTests
{
    private static readonly Arbitrary<(int Tokens, int Ranks)> Sizes =
        (from tokens in Gen.Choose(0, 3000) from ranks in Gen.Choose(1, 17) select (tokens, ranks)).ToArbitrary();

    [Test]
    public void Runs_OfAllRanks_HoldEveryTokenOnce()
    {
        Prop.ForAll(Sizes, size =>
        {
            foreach (SequencePartition partition in Both(size.Tokens, size.Ranks))
            {
                int[] held = new int[size.Tokens];
                for (int rank = 0; rank < size.Ranks; rank++)
                {
                    long before = -1;
                    foreach (TokenRun run in partition.Runs(rank))
                    {
                        Assert.That(run.Start, Is.GreaterThan(before).Or.EqualTo(0));
                        before = Math.Max(before, run.End - 1);
                        for (long p = run.Start; p < run.End; p++)
                        {
                            held[p]++;
                        }
                    }
                }

                Assert.That(held, Is.All.EqualTo(1));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Count_OfTokens_IsBalanced()
    {
        Prop.ForAll(Sizes, size =>
        {
            foreach (SequencePartition partition in Both(size.Tokens, size.Ranks))
            {
                long[] counts = [.. Enumerable.Range(0, size.Ranks).Select(partition.Count)];
                Assert.That(counts.Sum(), Is.EqualTo(size.Tokens));
                Assert.That(counts.Max() - counts.Min(), Is.LessThanOrEqualTo(partition.RunsPerRank));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void OwnerOf_AndCountBefore_AgreeWithTheRuns()
    {
        Prop.ForAll(Sizes, size =>
        {
            foreach (SequencePartition partition in Both(size.Tokens, size.Ranks))
            {
                long[] seen = new long[size.Ranks];
                for (int position = 0; position < size.Tokens; position += 1 + (size.Tokens / 50))
                {
                    int owner = partition.OwnerOf(position);
                    Assert.That(partition.Runs(owner).ToArray().Any(r => position >= r.Start && position < r.End), Is.True);
                    for (int rank = 0; rank < size.Ranks; rank++)
                    {
                        long expected = Enumerable.Range(0, position).Count(p => Holds(partition, rank, p));
                        Assert.That(partition.CountBefore(rank, position), Is.EqualTo(expected));
                    }
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));
    }

    /// <summary>Oracle 8: the work of ranks, in tiles of 64 queries by 64 keys, is the same within one tile where chunks are whole tiles.</summary>
    [Test]
    public void Zigzag_OfWholeTiles_GivesEveryRankTheSameWork([Values(1, 2, 3, 4, 8, 16)] int ranks, [Values(1, 2, 9)] int tilesPerChunk)
    {
        const int tile = 64;
        long tokens = 2L * ranks * tilesPerChunk * tile;
        SequencePartition partition = SequencePartition.Zigzag(tokens, ranks);
        long[] tiles = [.. Enumerable.Range(0, ranks).Select(rank => Tiles(partition, rank, tile))];
        Assert.That(tiles, Is.All.EqualTo(tiles[0]));
        Assert.That(Enumerable.Range(0, ranks).Select(partition.CausalPairs), Is.All.EqualTo(partition.CausalPairs(0)));
    }

    /// <summary>Oracle 8 for any length: pairs differ by less than one tile row, two query rows over all keys.</summary>
    [Test]
    public void Zigzag_OfAnyLength_DiffersByLessThanTwoRowsOfPairs()
    {
        Prop.ForAll(Sizes, size =>
        {
            SequencePartition partition = SequencePartition.Zigzag(size.Tokens, size.Ranks);
            long[] pairs = [.. Enumerable.Range(0, size.Ranks).Select(partition.CausalPairs)];
            Assert.That(pairs.Sum(), Is.EqualTo((long)size.Tokens * (size.Tokens + 1) / 2));
            Assert.That(pairs.Max() - pairs.Min(), Is.LessThanOrEqualTo(2L * size.Tokens));
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Contiguous_GivesTheLastRankAlmostTwiceTheAverage()
    {
        SequencePartition partition = SequencePartition.Contiguous(8192, 8);
        double average = Enumerable.Range(0, 8).Average(partition.CausalPairs);
        Assert.That(partition.CausalPairs(7) / average, Is.EqualTo(15.0 / 8).Within(0.01));
    }

    [Test]
    public void Sizes_ThatMakeNoSense_AreRefused()
    {
        Assert.That(() => SequencePartition.Zigzag(-1, 2), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => SequencePartition.Contiguous(10, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => SequencePartition.Zigzag(10, 2).OwnerOf(10), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => SequencePartition.Zigzag(10, 2).OwnerOf(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static SequencePartition[] Both(long tokens, int ranks) =>
        [SequencePartition.Contiguous(tokens, ranks), SequencePartition.Zigzag(tokens, ranks)];

    private static bool Holds(SequencePartition partition, int rank, long position)
    {
        foreach (TokenRun run in partition.Runs(rank))
        {
            if (position >= run.Start && position < run.End)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tiles with at least one pair that is seen, counted one by one.</summary>
    private static long Tiles(SequencePartition partition, int rank, int tile)
    {
        long tiles = 0;
        foreach (TokenRun run in partition.Runs(rank))
        {
            for (long query = run.Start; query < run.End; query += tile)
            {
                for (long key = 0; key <= query + tile - 1; key += tile)
                {
                    tiles++;
                }
            }
        }

        return tiles;
    }
}
