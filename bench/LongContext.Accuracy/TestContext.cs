using System.Text.Json;

namespace LongContext.Accuracy;

/// <summary>A context and its questions.</summary>
/// <param name="Ids">The context.</param>
/// <param name="Questions">Each is asked alone.</param>
internal sealed record TestContext(int[] Ids, IReadOnlyList<Question> Questions)
{
    /// <summary>Reads a set: one JSON object a line.</summary>
    internal static IEnumerable<TestContext> Read(string path)
    {
        foreach (string line in File.ReadLines(path).Where(l => l.Length > 0))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            yield return new TestContext(
                Numbers(root.GetProperty("context")),
                [.. root.GetProperty("queries").EnumerateArray().Select(q => Question.Exact(
                    q.GetProperty("kind").GetString()!, Numbers(q.GetProperty("prompt")), Numbers(q.GetProperty("answer"))))]);
        }
    }

    /// <summary>Tokens of the longest prompt and its answer.</summary>
    internal int Longest => Ids.Length + Questions.Max(q => q.Ids.Length + q.Options.MaxNewTokens);

    /// <summary>At most <paramref name="most"/> questions of each kind.</summary>
    internal IEnumerable<Question> First(int most) => Questions.GroupBy(q => q.Kind).SelectMany(kind => kind.Take(most));

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
