using System.Globalization;
using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Accuracy;

/// <summary>Makes contexts in needle-3l's language: book text with bindings and aliases in it, and a question for each; to train retaining heads on, or to test.</summary>
/// <remarks>The same seed gives the same contexts.</remarks>
internal sealed class NeedleWriter(ITokenizer tokenizer, int seed)
{
    private const int Names = 128, Bindings = 24, Aliases = 12; // aliases of bindings, and as many of aliases
    private const int StagedBindings = 16;

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

    /// <summary>
    /// Contexts like those of the staged test sets, of <paramref name="length"/> tokens with the question: bindings at 20 to 45 % of the text, aliases of
    /// them at 50 to 70 %, aliases of those at 75 to 95 %, so that no link is inside an eighth of it.
    /// </summary>
    internal IEnumerable<TestContext> Staged(string book, int count, int length)
    {
        int[] ids = [.. tokenizer.Encode(book, EncodeOptions.None)];
        for (int i = 0; i < count; i++)
        {
            yield return Staged(ids, length - 8);
        }
    }

    private TestContext Staged(int[] book, int length)
    {
        int[] keys = [.. Enumerable.Range(0, Names)];
        _random.Shuffle(keys);
        List<(string Kind, int Key, int[] Ids, int Value)> statements = [];
        for (int i = 0; i < StagedBindings; i++)
        {
            int value = _random.Next(Names);
            statements.Add(("set", keys[i], Ids($"[SET][K{keys[i]}][V{value}]"), value));
        }

        foreach ((string kind, int first, int count) in (ReadOnlySpan<(string, int, int)>)[("hop1", 0, StagedBindings), ("hop2", StagedBindings, Aliases)])
        {
            for (int i = 0; i < Aliases; i++)
            {
                (int key, var target) = (keys[statements.Count], statements[first + _random.Next(count)]);
                statements.Add((kind, key, Ids($"[LET][K{key}][K{target.Key}]"), target.Value));
            }
        }

        int text = length - 1 - (3 * statements.Count);
        int[] places = [.. Places(text, StagedBindings, 0.20, 0.45), .. Places(text, Aliases, 0.50, 0.70), .. Places(text, Aliases, 0.75, 0.95)];
        return new TestContext(
            [.. Hide(book, text, statements, places)],
            [.. statements.Select(s => Question.Exact(s.Kind, Ids($"[GET][K{s.Key}]"), Ids($"[V{s.Value}]")))]);
    }

    private int[] Places(int text, int count, double from, double to) =>
        [.. Enumerable.Range(0, count).Select(_ => _random.Next((int)(from * text), (int)(to * text))).Order()];

    private object Context(int[] book, int length)
    {
        List<(string Kind, int Key, int[] Ids, int Value)> statements = Statements();
        int text = length - 1 - (3 * statements.Count);
        int[] places = [.. statements.Select(_ => _random.Next(text)).Order()];
        List<int> context = Hide(book, text, statements, places);
        return new
        {
            context,
            queries = statements.Select(s => new { prompt = Ids($"[GET][K{s.Key}]"), answer = Ids($"[V{s.Value}]"), kind = s.Kind }),
        };
    }

    /// <summary>So much of the book, from a random place, with statements at places of it.</summary>
    private List<int> Hide(int[] book, int text, List<(string Kind, int Key, int[] Ids, int Value)> statements, int[] places)
    {
        if (book.Length <= text)
        {
            throw new FormatException($"The book has {book.Length} tokens; a context takes {text + 1} of it.");
        }

        int from = _random.Next(book.Length - text);
        List<int> context = [.. tokenizer.Encode("<s>", EncodeOptions.ParseSpecialTokens)];
        int done = 0;
        for (int s = 0; s < statements.Count; s++)
        {
            context.AddRange(book.AsSpan(from + done, places[s] - done));
            context.AddRange(statements[s].Ids);
            done = places[s];
        }

        context.AddRange(book.AsSpan(from + done, text - done));
        return context;
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
