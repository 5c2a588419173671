namespace LongContext.Accuracy.Ruler;

/// <summary>A text of codes whose frequencies fall with the square of their rank: which three come most often?</summary>
internal sealed class FrequentWordsTask : RulerTask
{
    private const string NoiseWord = "...";
    private const double Zeta = Math.PI * Math.PI / 6;

    internal override string Name => "fwe";

    internal override int TokensToGenerate => 50;

    internal override int Step => 60; // fewer words, and the ranks 3 and 4 come equally often

    internal override RulerSample Make(int size, int length, Random random)
    {
        string[] codes = [.. Drawing.Names(random, Math.Max(5, length / 50), 6, 'a').Order(StringComparer.Ordinal)];
        random.Shuffle(codes);
        codes[0] = NoiseWord;
        string[] words = [.. codes.SelectMany((code, i) => Enumerable.Repeat(code, (int)(size / ((i + 1.0) * (i + 1.0)) / Zeta)))];
        random.Shuffle(words);
        return new RulerSample(
            $"Read the following coded text and keep count of how often each code word comes. Find the three most frequent ones. Dots do not count.\n{string.Join(' ', words)}\n",
            "Which are the three most frequent words in the coded text above, dots not counted?", " The three words that come most often in the coded text are:", codes[1..4]);
    }
}
