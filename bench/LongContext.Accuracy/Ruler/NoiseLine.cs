namespace LongContext.Accuracy.Ruler;

/// <summary>The repeated line, and lines put between its repetitions.</summary>
internal static class NoiseLine
{
    internal const string Text = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

    /// <summary><paramref name="count"/> lines of noise with <paramref name="lines"/> before random ones of them, in their order.</summary>
    internal static string Around(IReadOnlyList<string> lines, int count, Random random) => Mix(Enumerable.Repeat(Text, count), lines, random);

    /// <summary>Lines with others before random ones of them, in their order.</summary>
    internal static string Mix(IEnumerable<string> haystack, IReadOnlyList<string> lines, Random random)
    {
        List<string> all = [.. haystack];
        int[] places = [.. Enumerable.Range(0, all.Count)];
        random.Shuffle(places);
        places = [.. places.Take(lines.Count).Order()];
        if (places.Length < lines.Count)
        {
            throw new ArgumentException($"{lines.Count} lines need as many places; there are {all.Count}.", nameof(haystack));
        }

        for (int i = lines.Count - 1; i >= 0; i--)
        {
            all.Insert(places[i], lines[i]);
        }

        return string.Join('\n', all);
    }
}
