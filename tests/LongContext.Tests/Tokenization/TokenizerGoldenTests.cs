using System.Globalization;
using System.Text;
using System.Text.Json;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>Ids and texts of Hugging Face's, llama.cpp's and SentencePiece's own tokenizers.</summary>
[TestFixture]
internal sealed class TokenizerGoldenTests
{
    private const EncodeOptions Parsed = EncodeOptions.ParseSpecialTokens;
    private const EncodeOptions Full = EncodeOptions.ParseSpecialTokens | EncodeOptions.AddSpecialTokens;

    private static readonly string[] SentencePieceControlCases = ["special-00", "special-01", "special-02", "special-03"];

    private static readonly Dictionary<string, ITokenizer> Loaded = [];

    [TestCase("gpt2", "tokenizers/gpt2/tokenizer.json")]
    [TestCase("qwen2", "tokenizers/qwen2/tokenizer.json")]
    [TestCase("phi3", "tokenizers/phi3/tokenizer.json")]
    [TestCase("smollm2", "tokenizers/smollm2/tokenizer.json")]
    [TestCase("mistral-v3", "tokenizers/mistral/tokenizer.json")]
    [TestCase("stories260K", "models/stories260K/tokenizer.json")]
    [TestCase("gpt2", "tokenizers/gguf-vocab/ggml-vocab-gpt-2.gguf")]
    [TestCase("qwen2", "tokenizers/gguf-vocab/ggml-vocab-qwen2.gguf")]
    [TestCase("phi3", "tokenizers/gguf-vocab/ggml-vocab-phi-3.gguf")]
    [TestCase("stories260K", "models/stories260K/stories260K-f32.gguf")]
    public void EncodeAndDecode_EveryCase_EqualsHuggingFace(string golden, string path)
    {
        ITokenizer tokenizer = Load(path);
        List<string> wrong = [];
        foreach ((string name, string text, JsonElement expected) in Cases(golden))
        {
            int[] ids = Ids(expected, "ids")!;
            Compare(wrong, name, "ids", ids, tokenizer.Encode(text, Parsed));
            if (path.EndsWith(".json", StringComparison.Ordinal)) // whether a GGUF file adds a beginning is its own key
            {
                Compare(wrong, name, "with special", Ids(expected, "with_special") ?? ids, tokenizer.Encode(text, Full));
            }

            string decoded = expected.GetProperty("decoded").GetString()!;
            string skipped = expected.TryGetProperty("decoded_skip_special", out JsonElement s) ? s.GetString()! : decoded;
            Compare(wrong, name, "decoded", decoded, tokenizer.Decode(ids));
            Compare(wrong, name, "decoded without special", skipped, tokenizer.Decode(ids, DecodeOptions.SkipSpecialTokens));
        }

        Assert.That(wrong, Is.Empty);
    }

    [TestCase("gpt2", "tokenizers/gpt2/tokenizer.json")]
    [TestCase("qwen2", "tokenizers/qwen2/tokenizer.json")]
    [TestCase("phi3", "tokenizers/phi3/tokenizer.json")]
    [TestCase("smollm2", "tokenizers/smollm2/tokenizer.json")]
    [TestCase("mistral-v3", "tokenizers/mistral/tokenizer.json")]
    [TestCase("stories260K", "models/stories260K/tokenizer.json")]
    [TestCase("gpt2", "tokenizers/gguf-vocab/ggml-vocab-gpt-2.gguf")]
    [TestCase("qwen2", "tokenizers/gguf-vocab/ggml-vocab-qwen2.gguf")]
    [TestCase("phi3", "tokenizers/gguf-vocab/ggml-vocab-phi-3.gguf")]
    public void Encode_LongTexts_EqualsHuggingFace(string golden, string path)
    {
        ITokenizer tokenizer = Load(path);
        Dictionary<string, string> texts = LongTexts();
        foreach (JsonElement expected in Golden(golden).GetProperty("long").EnumerateArray())
        {
            string name = expected.GetProperty("name").GetString()!;
            IReadOnlyList<int> ids = tokenizer.Encode(texts[name], Parsed);

            Assert.That(ids, Has.Count.EqualTo(expected.GetProperty("count").GetInt32()), name);
            Assert.That(ids.Take(12), Is.EqualTo(Ids(expected, "head")), name);
            Assert.That(ids.TakeLast(12), Is.EqualTo(Ids(expected, "tail")), name);
            Assert.That(Fnv1A(ids), Is.EqualTo(expected.GetProperty("fnv1a64").GetString()), name);
        }
    }

    [Test]
    public void Encode_WithoutParsingSpecialTokens_EqualsSentencePiece()
    {
        ITokenizer tokenizer = Load("tokenizers/mistral/tokenizer.json");
        foreach ((string name, string text, JsonElement expected) in Cases("mistral-v3-sentencepiece"))
        {
            EncodeOptions options = SentencePieceControlCases.Contains(name) ? EncodeOptions.None : Parsed;
            Assert.That(tokenizer.Encode(text, options), Is.EqualTo(Ids(expected, "ids")), name);
        }
    }

    [TestCase("gpt-2")]
    [TestCase("phi-3")]
    [TestCase("qwen2")]
    public void Encode_LlamaCppCases_EqualsLlamaCpp(string name)
    {
        string file = SharedData.Require($"tokenizers/gguf-vocab/ggml-vocab-{name}.gguf");
        ITokenizer tokenizer = Load($"tokenizers/gguf-vocab/ggml-vocab-{name}.gguf");
        string[] texts = File.ReadAllText(file + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] lines = File.ReadAllLines(file + ".out");

        Assert.That(texts, Has.Length.GreaterThanOrEqualTo(lines.Length));
        for (int i = 0; i < lines.Length; i++)
        {
            int[] expected = [.. lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(x => int.Parse(x, CultureInfo.InvariantCulture))];
            Assert.That(tokenizer.Encode(texts[i], EncodeOptions.None), Is.EqualTo(expected), $"case {i}: {texts[i]}");
        }
    }

    [Test]
    public void EncodeAndDecode_Needle3LTrainingText_IsOneTokenPerStatementWord()
    {
        ITokenizer tokenizer = Load("models/needle-3l/tokenizer.json");

        IReadOnlyList<int> ids = tokenizer.Encode("[SET][K3][V125] and", Full);

        Assert.That(ids.Take(4), Is.EqualTo(new[] { 704, 707, tokenizer.FindToken("[K3]")!.Value, 1021 }));
        Assert.That(tokenizer.Decode(ids), Is.EqualTo("<s>[SET][K3][V125] and"));
        Assert.That(tokenizer.Decode(ids, DecodeOptions.SkipSpecialTokens), Is.EqualTo("[SET][K3][V125] and"));
        Assert.That(tokenizer.SpecialTokens.BeginningOfSequence, Is.EqualTo(704));
        Assert.That(tokenizer.SpecialTokens.EndOfSequence, Is.EqualTo(new[] { 705 }));
        Assert.That(tokenizer.SpecialTokens.Padding, Is.EqualTo(706));
    }

    [TestCase("models/needle-3l/needle-3l-f16.gguf", "models/needle-3l/tokenizer.json")]
    [TestCase("models/stories260K/stories260K-f32.gguf", "models/stories260K/tokenizer.json")]
    public void Encode_GgufAndJsonOfOneModel_GiveTheSameIds(string gguf, string json)
    {
        (ITokenizer fromGguf, ITokenizer fromJson) = (Load(gguf), Load(json));
        string text = File.ReadAllText(SharedData.Require("text/alice.txt"));

        Assert.That(fromGguf.Encode(text), Is.EqualTo(fromJson.Encode(text)));
        Assert.That(fromGguf.VocabularySize, Is.EqualTo(fromJson.VocabularySize));
        Assert.That(fromGguf.SpecialTokens.BeginningOfSequence, Is.EqualTo(fromJson.SpecialTokens.BeginningOfSequence));
        Assert.That(fromGguf.SpecialTokens.EndOfSequence, Is.EqualTo(fromJson.SpecialTokens.EndOfSequence));
    }

    private static ITokenizer Load(string path)
    {
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(path, out ITokenizer? tokenizer))
            {
                Loaded.Add(path, tokenizer = TokenizerLoader.Load(SharedData.Require(path)));
            }

            return tokenizer;
        }
    }

    private static JsonElement Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"tokenizers/golden/{name}.json"))).RootElement;

    private static IEnumerable<(string Name, string Text, JsonElement Expected)> Cases(string golden)
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("tokenizers/cases.json")));
        Dictionary<string, string> texts = cases.RootElement.GetProperty("cases").EnumerateArray()
            .ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("text").GetString()!);
        JsonElement[] expected = [.. Golden(golden).GetProperty("cases").EnumerateArray()];
        Assert.That(expected, Has.Length.GreaterThanOrEqualTo(170));
        return expected.Select(e => (e.GetProperty("name").GetString()!, texts[e.GetProperty("name").GetString()!], e));
    }

    private static Dictionary<string, string> LongTexts()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("tokenizers/cases.json")));
        return cases.RootElement.GetProperty("long").EnumerateArray().ToDictionary(
            c => c.GetProperty("name").GetString()!,
            c => c.GetProperty("unit").GetString() is { } unit
                ? new StringBuilder().Insert(0, unit, c.GetProperty("count").GetInt32()).ToString()
                : File.ReadAllText(SharedData.Require("text/alice.txt")));
    }

    private static int[]? Ids(JsonElement item, string key) =>
        item.TryGetProperty(key, out JsonElement ids) ? [.. ids.EnumerateArray().Select(e => e.GetInt32())] : null;

    private static void Compare(List<string> wrong, string name, string what, IEnumerable<int> expected, IReadOnlyList<int> actual)
    {
        if (!expected.SequenceEqual(actual))
        {
            wrong.Add($"{name}, {what}: expected {string.Join(' ', expected)}, was {string.Join(' ', actual)}");
        }
    }

    private static void Compare(List<string> wrong, string name, string what, string expected, string actual)
    {
        if (expected != actual)
        {
            wrong.Add($"{name}, {what}: expected '{expected}', was '{actual}'");
        }
    }

    private static string Fnv1A(IReadOnlyList<int> ids)
    {
        ulong hash = 14695981039346656037;
        foreach (int id in ids)
        {
            foreach (byte value in BitConverter.GetBytes(id))
            {
                hash = (hash ^ value) * 1099511628211;
            }
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
