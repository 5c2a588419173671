namespace LongContext.Accuracy.Ruler;

/// <summary>Needles in a haystack: sentences that give a key a value, and questions for some of the keys.</summary>
/// <param name="name">RULER's name.</param>
/// <param name="haystack">Among what.</param>
/// <param name="uuidKeys">Keys are UUIDs, not words.</param>
/// <param name="uuidValues">Values are UUIDs, not numbers.</param>
/// <param name="keys">Different keys.</param>
/// <param name="valuesPerKey">Needles of each.</param>
/// <param name="queries">Keys that are asked for.</param>
/// <param name="book">For essays.</param>
internal sealed class NeedleTask(string name, Haystack haystack, bool uuidKeys, bool uuidValues, int keys, int valuesPerKey, int queries, Book book) : RulerTask
{
    /// <summary>Depths at which needles may stand in an essay.</summary>
    internal const int Depths = 40;

    internal override string Name => name;

    internal override int TokensToGenerate => 128;

    internal override int Step => haystack == Haystack.Essay ? 50 : keys * valuesPerKey; // as many lines as needles, at least

    internal override RulerSample Make(int size, int length, Random random)
    {
        int others = haystack == Haystack.Needles ? size : 0;
        string[] allKeys = uuidKeys ? Drawing.Uuids(random, keys + others) : Drawing.WordKeys(random, keys + others);
        string[] values = uuidValues
            ? Drawing.Uuids(random, (keys * valuesPerKey) + others)
            : Drawing.Numbers(random, (keys * valuesPerKey) + others);
        string[] needles = [.. Enumerable.Range(0, keys * valuesPerKey).Select(i => Needle(allKeys[i / valuesPerKey], values[i]))];
        string[] asked = allKeys[..queries];
        string[] answers = values[..(queries * valuesPerKey)];
        random.Shuffle(needles);
        string text = haystack switch
        {
            Haystack.Noise => NoiseLine.Around(needles, size, random),
            Haystack.Essay => Hide(book.Sentences(size), needles, random),
            _ => NoiseLine.Mix(
                Enumerable.Range(0, others).Select(i => Needle(allKeys[keys + i], values[(keys * valuesPerKey) + i])), needles, random),
        };

        string kind = uuidValues ? "uuid" : "number";
        string query = Join(asked);
        return answers.Length == 1
            ? new RulerSample(
                $"A special magic {kind} is hidden in the following text. Remember it: you will be asked for it.\n{text}\n",
                $"Which special magic {kind} for {query} does the text mention?", $" The special magic {kind} for {query} that the text mentions is", answers)
            : new RulerSample(
                $"Some special magic {kind}s are hidden in the following text. Remember them: you will be asked for them.\n{text}\n",
                $"Which are all the special magic {kind}s for {query} that the text mentions?",
                $" The special magic {kind}s for {query} that the text mentions are", answers);
    }

    /// <summary>Each needle at a depth of its own, of evenly spaced ones.</summary>
    private static string Hide(string[] sentences, string[] needles, Random random)
    {
        int[] depths = [.. Enumerable.Range(0, Depths)];
        random.Shuffle(depths);
        depths = [.. depths.Take(needles.Length).Order()];
        List<string> all = [.. sentences];
        for (int i = needles.Length - 1; i >= 0; i--)
        {
            all.Insert((int)((long)sentences.Length * depths[i] / (Depths - 1)), needles[i]);
        }

        return string.Join(' ', all);
    }

    private string Needle(string key, string value) => $"One of the special magic {(uuidValues ? "uuids" : "numbers")} for {key} is: {value}.";

    private static string Join(string[] keys) => keys.Length == 1 ? keys[0] : $"{string.Join(", ", keys[..^1])}, and {keys[^1]}";
}
