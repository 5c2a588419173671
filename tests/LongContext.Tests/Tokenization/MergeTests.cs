using LongContext.Tokenization;
using LongContext.Tokenization.Bpe;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>The heap against the definition: again and again, of the pairs of lowest rank the leftmost is merged.</summary>
[TestFixture]
internal sealed class MergeTests
{
    private const string Alphabet = "abcd";

    [Test]
    public void Merge_RandomMergeLists_EqualsTheDefinition()
    {
        Random random = new(3);
        for (int round = 0; round < 200; round++)
        {
            (Vocabulary vocabulary, List<(string Left, string Right)> merges) = RandomMerges(random);
            MergeReader reader = new("test", vocabulary, merges.Count);
            merges.ForEach(m => reader.Add(m.Left, m.Right));
            BpeModel model = new(vocabulary, vocabulary, reader.Table, new BpeOptions());
            for (int i = 0; i < 20; i++)
            {
                string word = RandomWord(random, 1 + random.Next(80));
                List<string> expected = Define(word, (l, r) => merges.LastIndexOf((l, r)));
                Assert.That(Encode(model, vocabulary, word), Is.EqualTo(expected), word);
            }
        }
    }

    [Test]
    public void Merge_RandomScores_EqualsTheDefinition()
    {
        Random random = new(5);
        for (int round = 0; round < 200; round++)
        {
            (Vocabulary vocabulary, _) = RandomMerges(random);
            int[] ranks = [.. Enumerable.Range(0, vocabulary.Size).Select(_ => random.Next(6))]; // many equal scores
            BpeModel model = new(vocabulary, vocabulary, new ScoreMerges(vocabulary, ranks, 8), new BpeOptions());
            for (int i = 0; i < 20; i++)
            {
                string word = RandomWord(random, 1 + random.Next(80));
                List<string> expected = Define(
                    word, (l, r) => l.Length + r.Length <= 8 && vocabulary.Find(l + r) is >= 0 and int id ? ranks[id] : -1);
                Assert.That(Encode(model, vocabulary, word), Is.EqualTo(expected), word);
            }
        }
    }

    [Test]
    public void Encode_CuttingBeforeSpaceMarkers_ChangesNothing()
    {
        Random random = new(9);
        string[] texts = ["a", "b", "▁", "▁a", "▁▁", "▁▁▁▁", "ab", "▁ab", "ba", "▁▁a", "bab"];
        Vocabulary vocabulary = new("test", texts.Length);
        for (int id = 0; id < texts.Length; id++)
        {
            vocabulary.Add(texts[id], id);
        }

        int[] ranks = [.. texts.Select((_, i) => texts.Length - i)];
        ScoreMerges rules = new(vocabulary, ranks, 4);
        BpeModel whole = new(vocabulary, vocabulary, rules, new BpeOptions());
        BpeModel cut = new(vocabulary, vocabulary, rules, new BpeOptions { SplitsBeforeSpaceMarker = true });
        for (int i = 0; i < 2000; i++)
        {
            string word = new([.. Enumerable.Range(0, 1 + random.Next(60)).Select(_ => "ab▁"[random.Next(3)])]);
            Assert.That(Encode(cut, vocabulary, word), Is.EqualTo(Encode(whole, vocabulary, word)), word);
        }
    }

    [Test]
    public void Set_ThePairTwice_LaterRankCounts()
    {
        MergeTable table = new(2);
        table.Set(1, 2, 0, 10);
        table.Set(1, 2, 7, 10);

        Assert.That(table.Find(1, 2, "", out int merged), Is.EqualTo(7));
        Assert.That(merged, Is.EqualTo(10));
        Assert.That(table.Find(2, 1, "", out _), Is.EqualTo(-1));
    }

    private static List<string> Define(string word, Func<string, string, int> rank)
    {
        List<string> symbols = [.. word.Select(c => c.ToString())];
        while (true)
        {
            (int best, int at) = (int.MaxValue, -1);
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int r = rank(symbols[i], symbols[i + 1]);
                if (r >= 0 && r < best)
                {
                    (best, at) = (r, i);
                }
            }

            if (at < 0)
            {
                return symbols;
            }

            symbols[at] += symbols[at + 1];
            symbols.RemoveAt(at + 1);
        }
    }

    private static (Vocabulary Vocabulary, List<(string Left, string Right)> Merges) RandomMerges(Random random)
    {
        List<string> texts = [.. Alphabet.Select(c => c.ToString())];
        List<(string, string)> merges = [];
        for (int i = 0; i < 30; i++)
        {
            (string left, string right) = (texts[random.Next(texts.Count)], texts[random.Next(texts.Count)]);
            merges.Add((left, right));
            if (!texts.Contains(left + right))
            {
                texts.Add(left + right);
            }
        }

        Vocabulary vocabulary = new("test", texts.Count);
        for (int id = 0; id < texts.Count; id++)
        {
            vocabulary.Add(texts[id], id);
        }

        return (vocabulary, merges);
    }

    private static string RandomWord(Random random, int length) =>
        new([.. Enumerable.Range(0, length).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);

    private static List<string?> Encode(BpeModel model, Vocabulary vocabulary, string word)
    {
        List<int> ids = [];
        model.Encode(word, new MergeBuffer(), ids);
        return [.. ids.Select(vocabulary.TextOf)];
    }
}
