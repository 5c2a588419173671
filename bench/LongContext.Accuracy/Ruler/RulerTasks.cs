namespace LongContext.Accuracy.Ruler;

/// <summary>RULER's tasks by name.</summary>
internal static class RulerTasks
{
    /// <summary>All that need no further file than a book.</summary>
    internal static readonly string[] Names =
    [
        "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3", "niah_multivalue", "niah_multiquery",
        "vt", "cwe", "fwe",
    ];

    /// <summary>Makes one.</summary>
    /// <param name="name">RULER's.</param>
    /// <param name="book">For essays and words.</param>
    /// <param name="countTokens">For worked examples.</param>
    /// <param name="questions">A file in SQuAD's format, for <c>qa_1</c>.</param>
    /// <exception cref="FormatException">There is no such task, or it lacks its file.</exception>
    internal static RulerTask Create(string name, Book book, Func<string, int> countTokens, string? questions) => name switch
    {
        "niah_single_1" => new NeedleTask(name, Haystack.Noise, false, false, 1, 1, 1, book),
        "niah_single_2" => new NeedleTask(name, Haystack.Essay, false, false, 1, 1, 1, book),
        "niah_single_3" => new NeedleTask(name, Haystack.Essay, false, true, 1, 1, 1, book),
        "niah_multikey_1" => new NeedleTask(name, Haystack.Essay, false, false, 4, 1, 1, book),
        "niah_multikey_2" => new NeedleTask(name, Haystack.Needles, false, false, 1, 1, 1, book),
        "niah_multikey_3" => new NeedleTask(name, Haystack.Needles, true, true, 1, 1, 1, book),
        "niah_multivalue" => new NeedleTask(name, Haystack.Essay, false, false, 1, 4, 1, book),
        "niah_multiquery" => new NeedleTask(name, Haystack.Essay, false, false, 4, 1, 4, book),
        "vt" => new VariableTrackingTask(countTokens),
        "cwe" => new CommonWordsTask(book),
        "fwe" => new FrequentWordsTask(),
        "qa_1" => new DocumentQuestionTask(File.ReadAllText(questions ?? throw new FormatException("qa_1 needs --squad FILE."))),
        _ => throw new FormatException($"There is no task '{name}'; there are {string.Join(", ", Names)} and, with --squad FILE, qa_1."),
    };
}
