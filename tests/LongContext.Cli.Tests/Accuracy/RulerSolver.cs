using System.Text.RegularExpressions;

namespace LongContext.Cli.Tests.Accuracy;

/// <summary>Answers RULER's questions from nothing but the prompt's text, the way a perfect reader would.</summary>
internal static partial class RulerSolver
{
    /// <summary>What the text answers to its question.</summary>
    internal static IEnumerable<string> Solve(string task, string context, string question) => task switch
    {
        "vt" => Variables(context, question),
        "cwe" => Frequent(LastList().Matches(context[context.LastIndexOf("The following is", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value), 10),
        "fwe" => Frequent(context.Split('\n')[1].Split(' ').Where(w => w != "..."), 3),
        _ => Needles(context, question),
    };

    private static IEnumerable<string> Needles(string context, string question)
    {
        HashSet<string> asked = [.. AskedKeys().Match(question).Groups[1].Value.Split([", and ", ", "], StringSplitOptions.RemoveEmptyEntries)];
        return NeedleSentences().Matches(context).Where(m => asked.Contains(m.Groups[1].Value)).Select(m => m.Groups[2].Value);
    }

    private static IEnumerable<string> Variables(string context, string question)
    {
        string value = AskedValue().Match(question).Groups[1].Value;
        Dictionary<string, string> values = [];
        foreach (Match assignment in Assignments().Matches(context))
        {
            string source = assignment.Groups[2].Value;
            values[assignment.Groups[1].Value] = source.StartsWith("VAR ", StringComparison.Ordinal) ? values[source[4..]] : source;
        }

        return values.Where(v => v.Value == value).Select(v => v.Key);
    }

    /// <summary>The most frequent words, if it is beyond doubt which they are.</summary>
    private static IEnumerable<string> Frequent(IEnumerable<string> words, int count)
    {
        var ranks = words.GroupBy(w => w).Select(g => (Word: g.Key, Times: g.Count())).OrderByDescending(g => g.Times).ToList();
        return ranks.Count > count && ranks[count - 1].Times == ranks[count].Times ? ["a tie"] : ranks.Take(count).Select(r => r.Word);
    }

    [GeneratedRegex(@"One of the special magic \w+ for (\S+) is: (\S+)\.(?= |\n|$)")]
    private static partial Regex NeedleSentences();

    [GeneratedRegex(@"special magic \w+ for (.+?) (?:does|that) the text")]
    private static partial Regex AskedKeys();

    [GeneratedRegex(@"assigned the value (\d+)")]
    private static partial Regex AskedValue();

    [GeneratedRegex(@"VAR ([A-Z]+) = (VAR [A-Z]+|\d+)")]
    private static partial Regex Assignments();

    [GeneratedRegex(@"\d+\. (\S+)")]
    private static partial Regex LastList();
}
