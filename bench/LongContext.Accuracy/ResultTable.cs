using System.Globalization;

namespace LongContext.Accuracy;

/// <summary>The results as a Markdown table.</summary>
internal static class ResultTable
{
    private static readonly string[] Known = ["set", "hop1", "hop2", "pass"];

    internal static void Write(IReadOnlyList<Result> results, TextWriter writer)
    {
        string[] kinds = Kinds(results);
        writer.WriteLine($"| N | method | {string.Join(" | ", kinds)} | first token, s |");
        writer.WriteLine($"|---|---|{string.Concat(kinds.Select(_ => "---|"))}---|");
        foreach (Result result in results)
        {
            writer.WriteLine(Line(result, kinds));
        }
    }

    /// <summary>Kinds of questions, the known ones first and in order.</summary>
    internal static string[] Kinds(IReadOnlyList<Result> results) =>
        [.. results.SelectMany(r => r.Kinds).Distinct().OrderBy(k => (uint)Array.IndexOf(Known, k)).ThenBy(k => k, StringComparer.Ordinal)];

    internal static string Line(Result result, string[] kinds)
    {
        IEnumerable<string> cells = kinds.Select(kind => result[kind] is { All: > 0 } score
            ? string.Create(CultureInfo.InvariantCulture, $"{score.Sum / score.All:F3} ({score.Sum:0.##} of {score.All})")
            : "–");
        if (result.Problem is { } problem)
        {
            return $"| {result.Length} | {result.Method.Label} | {string.Join(" | ", kinds.Select(_ => "–"))} | {problem} |";
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"| {result.Length} | {result.Method.Label} | {string.Join(" | ", cells)} | {result.Seconds:F2} |");
    }
}
