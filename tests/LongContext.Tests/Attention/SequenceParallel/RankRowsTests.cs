using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Communication;
using LongContext.KVCache;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

/// <summary>Who computes which rows: every token once, the same on every rank, and the cache in balance without ever moving a key.</summary>
[TestFixture]
internal sealed class RankRowsTests
{
    [Test]
    public void Place_OfAnyChunks_GivesEveryTokenToOneRank_TheSameOnAllRanks([Values(1, 2, 3, 5, 8)] int ranks, [Values] bool zigzag)
    {
        Random random = new(ranks);
        Cluster cluster = new(ranks, zigzag, sequences: 6);
        for (int step = 0; step < 200; step++)
        {
            (int Sequence, int Count)[] chunks =
                [.. Enumerable.Range(0, 6).Where(_ => random.Next(2) == 0).Select(s => (s, random.Next(3) == 0 ? random.Next(1, 200) : 1))];
            cluster.Step(chunks);
        }
    }

    [TestCase(333, 2000)]
    [TestCase(1, 2000)]
    [TestCase(1000, 2003)]
    public void Counts_AfterManyDecodedTokens_AreWithinTenPercent(int prompt, int generated)
    {
        foreach (int ranks in (int[])[2, 3, 4, 8])
        {
            Cluster cluster = new(ranks, zigzag: true, sequences: 1);
            cluster.Step((0, prompt));
            for (int i = 0; i < generated; i++)
            {
                cluster.Step((0, 1));
            }

            int[] counts = [.. Enumerable.Range(0, ranks).Select(r => cluster.Shards[r][0].Count)];
            Assert.That(counts.Sum(), Is.EqualTo(prompt + generated));
            Assert.That(counts.Max(), Is.LessThan(1.1 * counts.Min()), $"{ranks} ranks: {string.Join(", ", counts)}");
        }
    }

    [Test]
    public void Counts_AfterManySmallPieces_StayWithinWhatTheCacheIsMadeFor([Values(2, 3, 8, 16)] int ranks, [Values] bool zigzag)
    {
        Random random = new(7);
        Cluster cluster = new(ranks, zigzag, sequences: 1);
        int total = 0;
        while (total < 20_000)
        {
            int count = random.Next(1, 60);
            cluster.Step((0, count));
            total += count;
            int most = Enumerable.Range(0, ranks).Max(r => cluster.Shards[r][0].Count);
            Assert.That(most, Is.LessThanOrEqualTo((total / ranks) + 1 + RankRows.FewestSpread(ranks) + 16));
        }
    }

    [Test]
    public void LastRank_TakesEveryDecodedToken()
    {
        Cluster cluster = new(3, zigzag: false, sequences: 1, DecodePlacement.LastRank);
        cluster.Step((0, 90));
        for (int i = 0; i < 100; i++)
        {
            cluster.Step((0, 1));
        }

        Assert.That(Enumerable.Range(0, 3).Select(r => cluster.Shards[r][0].Count), Is.EqualTo(new[] { 30, 30, 130 }));
    }

    [Test]
    public void MostRows_IsNeverExceeded([Values(2, 3, 8)] int ranks, [Values] bool zigzag)
    {
        Random random = new(3);
        for (int round = 0; round < 300; round++)
        {
            (int chunk, int sequences) = (random.Next(1, 400), random.Next(1, 12));
            Cluster cluster = new(ranks, zigzag, sequences);
            int room = chunk;
            List<(int, int)> chunks = [];
            for (int s = 0; s < sequences; s++)
            {
                int count = room > 1 ? random.Next(1, Math.Min(room, 60) + 1) : 1;
                room -= count > 1 ? count : 0;
                chunks.Add((s, count));
            }

            cluster.Step([.. chunks]);
            int most = Enumerable.Range(0, ranks).Max(r => cluster.Rows[0].Count(r));
            Assert.That(most, Is.LessThanOrEqualTo(RankRows.MostRows(chunk, sequences, ranks)));
        }
    }

    /// <summary>All ranks' books, kept side by side.</summary>
    private sealed class Cluster
    {
        private readonly int[] _lengths;

        internal Cluster(int ranks, bool zigzag, int sequences, DecodePlacement placement = DecodePlacement.Balanced)
        {
            SequenceParallelLayout layout = new(zigzag ? SequencePartition.Zigzag : SequencePartition.Contiguous, placement);
            Rows = [.. Enumerable.Range(0, ranks).Select(_ => new RankRows(ranks, layout))];
            Shards = [.. Enumerable.Range(0, ranks).Select(rank =>
            {
                PagedKVCache cache = new(5_000, 64, PrefixReuse.Disabled);
                return Enumerable.Range(0, sequences).Select(s => new ShardedSequence(s, rank, ranks, cache)).ToArray();
            })];
            _lengths = new int[sequences];
        }

        internal RankRows[] Rows { get; }

        internal ShardedSequence[][] Shards { get; }

        internal void Step(params (int Sequence, int Count)[] chunks)
        {
            for (int rank = 0; rank < Rows.Length; rank++)
            {
                StepChunk[] step = [.. chunks.Select(c => new StepChunk(
                    c.Sequence, default, 0, 0, _lengths[c.Sequence], c.Count, 0, 0, Shards[rank][c.Sequence].Pages, Shards[rank][c.Sequence]))];
                Rows[rank].Place(step);
            }

            List<(int, long)> placed = [];
            for (int rank = 0; rank < Rows.Length; rank++)
            {
                PlacedRun[] runs = Rows[0].Of(rank).ToArray();
                placed.AddRange(runs.SelectMany(p => Enumerable.Range(0, (int)p.Run.Count).Select(i => (p.Chunk, p.Run.Start + i))));
                foreach (RankRows other in Rows)
                {
                    Assert.That(other.Of(rank).ToArray(), Is.EqualTo(runs));
                }
            }

            IEnumerable<(int, long)> all = chunks.SelectMany((c, i) => Enumerable.Range(0, c.Count).Select(t => (i, (long)_lengths[c.Sequence] + t)));
            Assert.That(placed.Order(), Is.EqualTo(all.Order()));
            foreach ((int sequence, int count) in chunks)
            {
                _lengths[sequence] += count;
                Assert.That(Shards.Sum(s => s[sequence].Count), Is.EqualTo(_lengths[sequence]));
                Assert.That(Shards.Select(s => s[sequence].Counts.ToArray()), Is.All.EqualTo(Shards[0][sequence].Counts.ToArray()));
            }
        }
    }
}
