using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Cli.Input;

/// <summary>Samples for retaining heads from files.</summary>
/// <remarks>
/// A .jsonl line has a <c>context</c> and either <c>queries</c>, objects with a <c>prompt</c> and an <c>answer</c>, or a <c>query</c> and an
/// <c>answer</c> of its own; each is text or an array of ids. Any other file is text, cut into pieces; what follows a piece is its continuation.
/// </remarks>
internal static class TrainingSamples
{
    internal static IEnumerable<RetainingHeadSample> Read(string path, ITokenizer tokenizer, int promptTokens, int continuationTokens) =>
        path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? ReadLines(path, tokenizer)
            : Cut(tokenizer.Encode(TextInput.ReadFile(path), EncodeOptions.ParseSpecialTokens), tokenizer, promptTokens, continuationTokens);

    private static IEnumerable<RetainingHeadSample> Cut(IReadOnlyList<int> ids, ITokenizer tokenizer, int promptTokens, int continuationTokens)
    {
        IReadOnlyList<int> begin = tokenizer.Encode("", EncodeOptions.AddSpecialTokens);
        int own = Math.Max(1, promptTokens - begin.Count);
        for (int start = 0; start + own + continuationTokens <= ids.Count; start += own)
        {
            yield return new RetainingHeadSample(
                [.. begin, .. ids.Skip(start).Take(own)], [[.. ids.Skip(start + own).Take(continuationTokens)]]);
        }
    }

    private static IEnumerable<RetainingHeadSample> ReadLines(string path, ITokenizer tokenizer)
    {
        foreach (string line in File.ReadLines(path).Where(l => l.Length > 0))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            IReadOnlyList<int> context = Ids(root.GetProperty("context"), tokenizer, EncodeOptions.AddSpecialTokens);
            List<IReadOnlyList<int>> continuations = root.TryGetProperty("queries", out JsonElement queries)
                ? [.. queries.EnumerateArray().Select(q => Joined(q, "prompt", tokenizer))]
                : [Joined(root, "query", tokenizer)];
            yield return new RetainingHeadSample(context, continuations);
        }
    }

    private static IReadOnlyList<int> Joined(JsonElement element, string question, ITokenizer tokenizer) =>
    [
        .. Ids(element.GetProperty(question), tokenizer, EncodeOptions.None), .. Ids(element.GetProperty("answer"), tokenizer, EncodeOptions.None),
    ];

    private static IReadOnlyList<int> Ids(JsonElement element, ITokenizer tokenizer, EncodeOptions options) =>
        element.ValueKind == JsonValueKind.String
            ? tokenizer.Encode(element.GetString()!, options | EncodeOptions.ParseSpecialTokens)
            : [.. element.EnumerateArray().Select(e => e.GetInt32())];
}
