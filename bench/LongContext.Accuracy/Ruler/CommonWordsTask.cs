namespace LongContext.Accuracy.Ruler;

/// <summary>A numbered list of words, ten of which come more often than the others.</summary>
internal sealed class CommonWordsTask(Book book) : RulerTask
{
    private const int Common = 10, LongLength = 4_096;

    internal override string Name => "cwe";

    internal override int TokensToGenerate => 120;

    internal override int Step => 10;

    internal override int MaxSize => book.Vocabulary.Count - 60; // the example's words are not the sample's

    internal override RulerSample Make(int size, int length, Random random)
    {
        bool isLong = length >= LongLength;
        int exampleOthers = isLong ? 30 : 10;
        string[] words = Drawing.Some(book.Vocabulary, random, (2 * Common) + exampleOthers + size);
        int used = Common + exampleOthers;
        RulerSample example = One(words[..Common], words[Common..used], isLong ? 10 : 3, isLong ? 3 : 1, random);
        RulerSample sample = One(words[used..(used + Common)], words[(used + Common)..], isLong ? 30 : 6, isLong ? 3 : 1, random);
        return sample with { Context = $"{example.Context}{example.Question}{example.AnswerPrefix} {List(example.Answers)}\n\n{sample.Context}" };
    }

    private static RulerSample One(string[] common, string[] others, int commonTimes, int otherTimes, Random random)
    {
        string[] all = [.. Repeat(common, commonTimes), .. Repeat(others, otherTimes)];
        random.Shuffle(all);
        return new RulerSample(
            $"The following is a numbered list of words, some of which come more often than others. Remember those that come most often.\n{List(all)}\n",
            "Which are the 10 most common words in the list above?", " The 10 words that come most often in the list are:", common);
    }

    private static IEnumerable<string> Repeat(string[] words, int times) => Enumerable.Repeat(words, times).SelectMany(w => w);

    private static string List(IEnumerable<string> words) => string.Join(' ', words.Select((word, i) => $"{i + 1}. {word}"));
}
