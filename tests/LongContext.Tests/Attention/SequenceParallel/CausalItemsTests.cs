using FsCheck;
using FsCheck.Fluent;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using LongContext.Communication;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

/// <summary>Items over positions with gaps, against the definition: a row at p sees keys at positions from p − window + 1 to p.</summary>
[TestFixture]
internal sealed class CausalItemsTests
{
    [Test]
    public void Add_ForAnyRowsAndKeys_ShowsEachRowExactlyWhatItMaySee()
    {
        Prop.ForAll<PositiveInt>(seed =>
        {
            Random random = new(seed.Get);
            List<TokenRun> keys = RandomRuns(random);
            TokenRun rows = new(random.Next(30), random.Next(12));
            Check(rows, keys, firstKey: random.Next(5), queryStart: random.Next(5), window: random.Next(4) == 0 ? 0 : random.Next(1, 15));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    [TestCase(0, 10, 20, 30, 5)]  // the window ends in one run while its rows are in another
    [TestCase(0, 10, 12, 30, 5)]
    [TestCase(0, 10, 10, 30, 5)]  // two runs without a gap
    [TestCase(0, 10, 20, 30, 1)]
    [TestCase(0, 10, 20, 30, 100)]
    public void Add_ForTheOwnRunsOfAZigzag_ShowsEachRowExactlyWhatItMaySee(int start, int end, int secondStart, int secondEnd, int window)
    {
        List<TokenRun> keys = [new(start, end - start), new(secondStart, secondEnd - secondStart)];
        Check(keys[0], keys, 0, 0, window);
        Check(keys[1], keys, 0, 0, window);
    }

    [TestCase(0, ExpectedResult = 1)]
    [TestCase(9, ExpectedResult = 2)] // until the window leaves the first key, and after
    public int Add_ForAWholeChunk_TakesFewItems(int window)
    {
        AttentionBatch batch = new() { PageSize = 16 };
        CausalItems.Add(batch, 0, 0, new TokenRun(0, 50), [new(0, 50)], 0, window);
        return batch.Items.Length;
    }

    private static List<TokenRun> RandomRuns(Random random)
    {
        List<TokenRun> runs = [];
        long position = 0;
        for (int i = random.Next(5); i > 0; i--)
        {
            position += random.Next(6);
            runs.Add(new TokenRun(position, random.Next(9)));
            position = runs[^1].End;
        }

        return runs;
    }

    private static void Check(TokenRun rows, List<TokenRun> keys, int firstKey, int queryStart, int window)
    {
        AttentionBatch batch = new() { PageSize = 16 };
        bool any = CausalItems.Add(batch, 3, queryStart, rows, keys.ToArray(), firstKey, window);
        List<int>?[] seen = new List<int>?[rows.Count];
        foreach (AttentionItem item in batch.Items)
        {
            Assert.That(item.Sequence, Is.EqualTo(3));
            for (int r = 0; r < item.QueryCount; r++)
            {
                int row = item.QueryStart + r - queryStart;
                Assert.That(seen[row], Is.Null, "a row is in one item");
                seen[row] = Visible(item, r, window);
            }
        }

        long[] positions = [.. keys.SelectMany(k => Enumerable.Range(0, (int)k.Count).Select(i => k.Start + i))];
        for (int r = 0; r < rows.Count; r++)
        {
            long p = rows.Start + r;
            IEnumerable<int> expected = Enumerable.Range(0, positions.Length)
                .Where(i => positions[i] <= p && (window == 0 || positions[i] > p - window)).Select(i => firstKey + i);
            Assert.That(seen[r], Is.EqualTo(expected), $"Row at {p}, window {window}, keys {string.Join(", ", keys)}.");
        }

        Assert.That(any, Is.EqualTo(seen.Any(s => s!.Count > 0)));
    }

    /// <summary>What <see cref="AttentionItem"/> and <see cref="AttentionParameters.Window"/> say that a row sees.</summary>
    private static List<int> Visible(in AttentionItem item, int row, int window)
    {
        List<int> keys = [];
        for (int key = item.KeyStart; key < item.KeyStart + item.KeyCount; key++)
        {
            bool before = item.Mask == AttentionMask.Full || key <= item.FirstRowKey + row;
            if (before && (window == 0 || key > item.FirstRowKey + row - window))
            {
                keys.Add(key);
            }
        }

        return keys;
    }
}
