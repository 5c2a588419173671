using System.Globalization;
using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Accuracy;

/// <summary>Writes contexts in needle-3l's language, to train retaining heads on: book text with bindings and aliases at random places, and a question for each.</summary>
/// <remarks>Other books and other places than its test sets. The same seed gives the same file.</remarks>
internal sealed class NeedleWriter(ITokenizer tokenizer, int seed)
{
    private const int Names = 128, Bindings = 24, Aliases = 12; // aliases of bindings, and as many of aliases

    private readonly Random _random = new(seed);

    /// <summary>Writes <paramref name="count"/> contexts of about <paramref name="length"/> tokens.</summary>
    internal void Write(string path, string book, int count, int length)
    {
        int[] ids = [.. tokenizer.Encode(book, EncodeOptions.None)];
        using StreamWriter writer = new(path);
        for (int i = 0; i < count; i++)
        {
            writer.WriteLine(JsonSerializer.Serialize(Context(ids, length)));
        }
    }

    private object Context(int[] book, int length)
    {
        List<(string Kind, int Key, int[] Ids, int Value)> statements = Statements();
        int text = length - 1 - (3 * statements.Count);
        int from = _random.Next(book.Length - text);
        int[] places = [.. statements.Select(_ => _random.Next(text)).Order()];
        List<int> context = [.. tokenizer.Encode("<s>", EncodeOptions.ParseSpecialTokens)];
        int done = 0;
        for (int s = 0; s < statements.Count; s++)
        {
            context.AddRange(book.AsSpan(from + done, places[s] - done));
            context.AddRange(statements[s].Ids);
            done = places[s];
        }

        context.AddRange(book.AsSpan(from + done, text - done));
        return new
        {
            context,
            queries = statements.Select(s => new { prompt = Ids($"[GET][K{s.Key}]"), answer = Ids($"[V{s.Value}]"), kind = s.Kind }),
        };
    }

    /// <summary>Bindings and aliases in an order in which everything is bound before it is named.</summary>
    private List<(string Kind, int Key, int[] Ids, int Value)> Statements()
    {
        int[] keys = [.. Enumerable.Range(0, Names)];
        _random.Shuffle(keys);
        Dictionary<string, int> left = new() { ["set"] = Bindings, ["hop1"] = Aliases, ["hop2"] = Aliases };
        List<(string Kind, int Key, int[] Ids, int Value)> done = [];
        while (left.Values.Sum() > 0)
        {
            string[] possible = [.. left.Keys.Where(kind => left[kind] > 0 && (kind == "set" || done.Exists(d => d.Kind == Before(kind))))];
            string chosen = possible[_random.Next(possible.Length)];
            left[chosen]--;
            int key = keys[done.Count];
            if (chosen == "set")
            {
                int value = _random.Next(Names);
                done.Add((chosen, key, Ids($"[SET][K{key}][V{value}]"), value));
            }
            else
            {
                var targets = done.FindAll(d => d.Kind == Before(chosen));
                var target = targets[_random.Next(targets.Count)];
                done.Add((chosen, key, Ids($"[LET][K{key}][K{target.Key}]"), target.Value));
            }
        }

        return done;
    }

    private static string Before(string kind) => kind == "hop2" ? "hop1" : "set";

    private int[] Ids(FormattableString text) => [.. tokenizer.Encode(text.ToString(CultureInfo.InvariantCulture), EncodeOptions.ParseSpecialTokens)];
}
