using System.Text;

namespace LongContext.Samples.Quickstart;

/// <summary>A long text with facts hidden between its sentences: the same for the same seed.</summary>
/// <remarks>
/// The prose is repeated, its paragraphs shuffled anew each time, until the text is long enough. Facts that stand on their own come
/// first; those that refer to others come later in the text, so that the model has to carry what it read across thousands of tokens.
/// </remarks>
internal sealed class FactHaystack
{
    private const int Keys = 128; // the model knows [K0] to [K127] and [V0] to [V127]

    private FactHaystack(string text, IReadOnlyList<Fact> facts) => (Text, Facts) = (text, facts);

    /// <summary>The long text.</summary>
    internal string Text { get; }

    /// <summary>What is hidden in it, in the order of the text.</summary>
    internal IReadOnlyList<Fact> Facts { get; }

    /// <summary>Hides twelve plain facts, five that refer to one of them, and three that refer to one of those five.</summary>
    /// <param name="prose">Paragraphs, parted by blank lines.</param>
    /// <param name="characters">The text's length at least.</param>
    /// <param name="seed">Where everything goes.</param>
    internal static FactHaystack Create(string prose, int characters, int seed)
    {
        Random random = new(seed);
        List<string> sentences = Repeat(prose, characters, random);

        int[] keys = Draw(random, Keys, 20);
        int[] values = Draw(random, Keys, 12);
        List<Fact> facts = [];
        for (int i = 0; i < 12; i++)
        {
            facts.Add(new Fact($"[SET][K{keys[i]}][V{values[i]}]", $"[GET][K{keys[i]}]", $"[V{values[i]}]", Links: 1));
        }

        AddReferences(facts, keys.AsSpan(12, 5), Draw(random, 12, 5), firstTarget: 0, keys);
        AddReferences(facts, keys.AsSpan(17, 3), Draw(random, 5, 3), firstTarget: 12, keys);

        Dictionary<int, Fact> hidden = [];
        Hide(facts[..12], from: 0.05, to: 0.45);
        Hide(facts[12..17], from: 0.50, to: 0.70);
        Hide(facts[17..], from: 0.75, to: 0.95);
        return new FactHaystack(Join(sentences, hidden), facts);

        void Hide(List<Fact> some, double from, double to)
        {
            int first = (int)(from * sentences.Count);
            int[] places = Draw(random, (int)(to * sentences.Count) - first, some.Count);
            Array.Sort(places);
            for (int i = 0; i < places.Length; i++)
            {
                hidden.Add(first + places[i], some[i]);
            }
        }
    }

    private static void AddReferences(List<Fact> facts, ReadOnlySpan<int> newKeys, int[] targets, int firstTarget, int[] keys)
    {
        for (int i = 0; i < newKeys.Length; i++)
        {
            Fact target = facts[firstTarget + targets[i]];
            string statement = $"[LET][K{newKeys[i]}][K{keys[firstTarget + targets[i]]}]";
            facts.Add(new Fact(statement, $"[GET][K{newKeys[i]}]", target.Answer, target.Links + 1));
        }
    }

    /// <summary>Sentences, each with the white space behind it.</summary>
    private static List<string> Repeat(string prose, int characters, Random random)
    {
        string[] paragraphs = prose.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        List<string> sentences = [];
        while (true)
        {
            random.Shuffle(paragraphs);
            foreach (string paragraph in paragraphs)
            {
                string[] parts = paragraph.Split(". ");
                for (int i = 0; i < parts.Length; i++)
                {
                    sentences.Add(parts[i] + (i < parts.Length - 1 ? ". " : "\n\n"));
                }

                characters -= paragraph.Length + 2;
                if (characters <= 0)
                {
                    return sentences;
                }
            }
        }
    }

    private static string Join(List<string> sentences, Dictionary<int, Fact> hidden)
    {
        StringBuilder text = new();
        for (int i = 0; i < sentences.Count; i++)
        {
            if (hidden.TryGetValue(i, out Fact? fact))
            {
                text.Append(fact.Statement).Append(' ');
            }

            text.Append(sentences[i]);
        }

        return text.ToString();
    }

    /// <summary><paramref name="count"/> different numbers below <paramref name="below"/>.</summary>
    private static int[] Draw(Random random, int below, int count)
    {
        int[] all = Enumerable.Range(0, below).ToArray();
        random.Shuffle(all);
        return all[..count];
    }
}
