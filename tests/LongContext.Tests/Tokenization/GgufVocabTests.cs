using LongContext.Loading;
using LongContext.Tokenization;
using LongContext.Tokenization.Gguf;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

[TestFixture]
internal sealed class GgufVocabTests
{
    private const string Marker = "▁";

    [Test]
    public void Encode_SentencePieceVocabulary_MergesByScoreAndFallsBackToBytes()
    {
        ITokenizer tokenizer = GgufVocabReader.Read(SentencePiece());
        int a = tokenizer.FindToken(Marker + "a")!.Value;

        Assert.That(tokenizer.Encode("ab"), Is.EqualTo(new[] { 1, a, tokenizer.FindToken("b")!.Value }), "▁a scores higher than ab");
        Assert.That(tokenizer.Encode("é", EncodeOptions.None), Is.EqualTo(new[] { tokenizer.FindToken(Marker)!.Value, 3 + 0xC3, 3 + 0xA9 }));
        Assert.That(tokenizer.Encode("<s>", EncodeOptions.ParseSpecialTokens), Is.EqualTo(new[] { 1 }));
        Assert.That(tokenizer.Encode("<s>", EncodeOptions.None), Has.Count.GreaterThan(1));
        Assert.That(tokenizer.Decode(tokenizer.Encode("a é  b")), Is.EqualTo("<s> a é  b"));
        Assert.That(tokenizer.Decode(tokenizer.Encode("a é  b"), DecodeOptions.SkipSpecialTokens), Is.EqualTo("a é  b"));
        Assert.That(tokenizer.SpecialTokens, Is.EqualTo(new SpecialTokens { BeginningOfSequence = 1, Unknown = 0, EndOfSequence = tokenizer.SpecialTokens.EndOfSequence }));
        Assert.That(tokenizer.SpecialTokens.EndOfSequence, Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Encode_WithoutSpacePrefixAndBeginning_AddsNeither()
    {
        ITokenizer tokenizer = GgufVocabReader.Read(SentencePiece(
            (GgufKeys.AddSpacePrefix, false), (GgufKeys.AddBeginning, false), (GgufKeys.AddEnd, true)));

        Assert.That(tokenizer.Encode("b"), Is.EqualTo(new[] { tokenizer.FindToken("b")!.Value, 2 }));
        Assert.That(tokenizer.Decode(tokenizer.Encode(" b", EncodeOptions.None)), Is.EqualTo(" b"));
    }

    [TestCase("qwen2", "don't 12", "don|'t|Ġ|1|2")]
    [TestCase("llama-bpe", "don't 1234", "don|'t|Ġ|123|4")]
    [TestCase("gpt-2", "don't 1234", "don|'t|Ġ1234")]
    [TestCase("starcoder", "don't 12", "don|'t|Ġ|1|2")]
    [TestCase("smollm", "a 12", "a|Ġ|1|2")]
    [TestCase("falcon", "ab!! 12345", "ab|!!|Ġ|123|45")]
    [TestCase("mpt", "e\u0301 12", "Ã©|Ġ12")]
    [TestCase("tekken", "aBC d 12", "a|BC|Ġd|Ġ|1|2")]
    [TestCase("gpt-4o", "I'Ve 1234", "I'Ve|Ġ|123|4")]
    [TestCase("deepseek-v3", "a.b 1234\u6C49x", "a|.b|Ġ|123|4|æ±ī|x")]
    [TestCase("deepseek-coder", "a\n\nb, 12", "a|Ċ|Ċ|b|,|Ġ|1|2")]
    [TestCase("deepseek-llm", "a\nb, 12 ", "a|Ċ|b|,|Ġ|1|2|Ġ")]
    [TestCase("default", "ab$! 12345", "ab|$!|Ġ|123|45")]
    public void Encode_PreTokenizersByName_CutWhereTheFamilyDoes(string pre, string text, string expected)
    {
        // Each word of the expected answer is a token that merges reach, so any other cut gives other tokens.
        ITokenizer tokenizer = GgufVocabReader.Read(ByteLevel(pre, expected.Split('|')));

        Assert.That(string.Join('|', tokenizer.Encode(text, EncodeOptions.None).Select(tokenizer.TokenText)), Is.EqualTo(expected));
    }

    [TestCase("llama-bpe", true)]
    [TestCase("tekken", true)]
    [TestCase("qwen2", false)]
    public void Encode_FileThatDoesNotSay_AddsTheBeginningAsTheFamilyDoes(string pre, bool adds)
    {
        ITokenizer tokenizer = GgufVocabReader.Read(ByteLevel(pre, [], (GgufKeys.Beginning, 256L), (GgufKeys.End, 257L)));

        Assert.That(tokenizer.Encode("a")[0], Is.EqualTo(adds ? 256 : tokenizer.FindToken("a")));
        Assert.That(tokenizer.SpecialTokens.EndOfSequence, Is.EqualTo(new[] { 257, 258 }), "the end of turn is known by its name");
    }

    [TestCase("klingon")]
    [TestCase("")]
    [TestCase(null)]
    public void Read_UnknownPreTokenizer_IsATypedError(string? pre)
    {
        Assert.That(() => GgufVocabReader.Read(ByteLevel(pre, [])), Throws.TypeOf<UnsupportedModelException>());
    }

    [TestCase("bert")]
    [TestCase("t5")]
    [TestCase("none")]
    public void Read_UnknownModel_IsATypedError(string model)
    {
        Assert.That(() => GgufVocabReader.Read(SentencePiece((GgufKeys.Model, model))), Throws.TypeOf<UnsupportedModelException>());
    }

    private static readonly object[] BadSentencePiece =
    [
        new object[] { GgufKeys.Tokens, null! },
        new object[] { GgufKeys.Tokens, Array.Empty<string>() },
        new object[] { GgufKeys.Tokens, new[] { "a", "a" } },
        new object[] { GgufKeys.Tokens, new long[] { 1 } },
        new object[] { GgufKeys.Scores, null! },
        new object[] { GgufKeys.Scores, new[] { 1.0 } },
        new object[] { GgufKeys.Scores, "x" },
        new object[] { GgufKeys.TokenType, new[] { 1L } },
        new object[] { GgufKeys.Beginning, 100_000L },
        new object[] { GgufKeys.End, -1L },
        new object[] { GgufKeys.Padding, "x" },
        new object[] { GgufKeys.AddBeginning, 1L },
        new object[] { GgufKeys.Model, null! },
    ];

    [TestCaseSource(nameof(BadSentencePiece))]
    public void Read_ContradictoryKeys_IsAFormatError(string key, object? value)
    {
        Assert.That(() => GgufVocabReader.Read(SentencePiece((key, value))), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Read_ScoreThatIsNotANumber_IsAFormatError()
    {
        double[] scores = SentencePiece().GetNumbers(GgufKeys.Scores)!;
        scores[5] = double.NaN;

        Assert.That(() => GgufVocabReader.Read(SentencePiece((GgufKeys.Scores, scores))), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase("a q!")]
    [TestCase("a")]
    [TestCase("")]
    [TestCase("zz zz")]
    public void Read_MergeOutsideOfTheVocabulary_IsAFormatError(string merge)
    {
        Assert.That(
            () => GgufVocabReader.Read(ByteLevel("gpt-2", [], (GgufKeys.Merges, new[] { merge }))), Throws.TypeOf<ModelFormatException>());
    }

    /// <summary>unknown, begin, end, 256 bytes, then ▁ a b, ab (−3), ▁a (−2).</summary>
    private static GgufMetadata SentencePiece(params (string Key, object? Value)[] changes)
    {
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(v => $"<0x{v:X2}>"), Marker, "a", "b", "ab", Marker + "a"];
        double[] scores = [.. tokens.Select(t => t == "ab" ? -3.0 : t == Marker + "a" ? -2.0 : 0.0)];
        long[] types = [2, 3, 3, .. Enumerable.Repeat(6L, 256), 1, 1, 1, 1, 1];
        return Make(changes, (GgufKeys.Model, "llama"), (GgufKeys.Tokens, tokens), (GgufKeys.Scores, scores), (GgufKeys.TokenType, types));
    }

    /// <summary>The 256 bytes, begin, end, end of turn, then the prefixes of each word as tokens, with the merges that reach them.</summary>
    private static GgufMetadata ByteLevel(string? pre, string[] words, params (string Key, object? Value)[] changes)
    {
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(v => TinyTokenizer.Alphabet((byte)v).ToString()), "<s>", "</s>", "<|eot_id|>"];
        List<string> merges = [];
        foreach (string word in words)
        {
            for (int length = 2; length <= word.Length; length++)
            {
                if (!tokens.Contains(word[..length]))
                {
                    tokens.Add(word[..length]);
                    merges.Add($"{word[..(length - 1)]} {word[length - 1]}");
                }
            }
        }

        long[] types = [.. tokens.Select((_, i) => i is >= 256 and < 259 ? 3L : 1L)];
        return Make(
            changes, (GgufKeys.Model, "gpt2"), (GgufKeys.Pre, pre), (GgufKeys.Tokens, tokens.ToArray()), (GgufKeys.Merges, merges.ToArray()),
            (GgufKeys.TokenType, types));
    }

    private static GgufMetadata Make((string Key, object? Value)[] changes, params (string Key, object? Value)[] values) => new(
        "test.gguf",
        values.Concat(changes).GroupBy(v => v.Key).Select(g => g.Last()).Where(v => v.Value is not null).ToDictionary(v => v.Key, v => v.Value!));
}
