using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>Whole tokenizers, small enough to work their ids out by hand.</summary>
[TestFixture]
internal sealed class TinyTokenizerTests
{
    private static readonly string[] Merges = ["h e", "l l", "he ll", "Ġ w", "Ġ Ġ", "hell o"]; // ids 256 to 261

    [Test]
    public void Encode_ByteLevel_AppliesMergesInTheirOrder()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel(Merges).Load();

        Assert.That(tokenizer.Encode("hello wé"), Is.EqualTo(new[] { 261, 259, 0xC3, 0xA9 }));
        Assert.That(tokenizer.Encode("   w"), Is.EqualTo(new[] { 260, 259 }), "the last space belongs to the word");
        Assert.That(tokenizer.VocabularySize, Is.EqualTo(262));
        Assert.That(tokenizer.FindToken("Ġw"), Is.EqualTo(259));
        Assert.That(tokenizer.FindToken("no such"), Is.Null);
        Assert.That(tokenizer.TokenText(258), Is.EqualTo("hell"));
        Assert.That(tokenizer.TokenText(-1), Is.Null);
    }

    [Test]
    public void Encode_MergesAsPairs_AreTheSameMerges()
    {
        JsonObject pairs = TinyTokenizer.ByteLevel(Merges)
            .WithModel("merges", """[["h","e"],["l","l"],["he","ll"],["Ġ","w"],["Ġ","Ġ"],["hell","o"]]""");

        Assert.That(pairs.Load().Encode("hello wé"), Is.EqualTo(new[] { 261, 259, 0xC3, 0xA9 }));
    }

    [Test]
    public void Encode_IgnoringMerges_TakesAWordThatIsAToken()
    {
        string[] merges = ["b c", "a b", "ab c"]; // b+c is first, so abc never comes of merging
        JsonObject tokenizer = TinyTokenizer.ByteLevel(merges);

        Assert.That(tokenizer.Load().Encode("abc"), Is.EqualTo(new[] { 'a', 256 }));
        Assert.That(tokenizer.WithModel("ignore_merges", "true").Load().Encode("abc"), Is.EqualTo(new[] { 258 }));
    }

    [Test]
    public void Encode_IgnoringMerges_NeverMakesASpecialTokenOfPlainText()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel("e n", "en d").WithModel("ignore_merges", "true").WithAdded(257, "end", "special").Load();

        Assert.That(tokenizer.Encode("end"), Is.EqualTo(new[] { 257 }));
        Assert.That(tokenizer.Encode("end", EncodeOptions.None), Is.EqualTo(new[] { 257 }), "here by its merges, as plain text would give it");
        ITokenizer apart = TinyTokenizer.ByteLevel().WithModel("ignore_merges", "true").WithAdded(256, "end", "special").Load();
        Assert.That(apart.Encode("end", EncodeOptions.None), Is.EqualTo(new[] { 'e', 'n', 'd' }));
    }

    [Test]
    public void Encode_SentencePieceStyle_PutsASpaceFirstAndFallsBackToBytes()
    {
        ITokenizer tokenizer = TinyTokenizer.SentencePiece("▁ab", "▁ a", "a b", "▁a b").Load(); // ▁ 257, a 258, b 259, ▁a 260, ab 261, ▁ab 262

        Assert.That(tokenizer.Encode("ab ab"), Is.EqualTo(new[] { 262, 262 }));
        Assert.That(tokenizer.Encode("é"), Is.EqualTo(new[] { 257, 0xC3 + 1, 0xA9 + 1 }));
        Assert.That(tokenizer.Encode(""), Is.Empty);
        Assert.That(tokenizer.Decode([262, 262, 0xC3 + 1, 0xA9 + 1]), Is.EqualTo("ab abé"));
        Assert.That(tokenizer.Decode(tokenizer.Encode("  a")), Is.EqualTo("  a"));
    }

    [TestCase("true", new[] { 257, 0, 258 })]
    [TestCase("false", new[] { 257, 0, 0, 258 })]
    public void Encode_UnknownCharacters_AreFusedIfTheModelSaysSo(string fuse, int[] expected)
    {
        ITokenizer tokenizer = TinyTokenizer.SentencePiece("▁a").WithModel("byte_fallback", "false").WithModel("fuse_unk", fuse).Load();

        Assert.That(tokenizer.Encode("éÉa"), Is.EqualTo(expected));
        Assert.That(tokenizer.SpecialTokens.Unknown, Is.Zero);
    }

    [Test]
    public void Encode_Template_AddsItsTokensOnlyIfAsked()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().WithAdded(256, "<s>", "special").WithAdded(257, "</s>", "special").With("post_processor", """
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
            "pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[256],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[257],"tokens":["</s>"]}}}]}
            """).Load();

        Assert.That(tokenizer.Encode("a"), Is.EqualTo(new[] { 256, 'a', 257 }));
        Assert.That(tokenizer.Encode("a", EncodeOptions.None), Is.EqualTo(new[] { 'a' }));
        Assert.That(tokenizer.Encode("<s>", EncodeOptions.None), Is.EqualTo("<s>"u8.ToArray().Select(b => (int)b)));
        Assert.That(tokenizer.Encode("<s>", EncodeOptions.ParseSpecialTokens), Is.EqualTo(new[] { 256 }));
        Assert.That(tokenizer.Decode([256, 'a', 257], DecodeOptions.SkipSpecialTokens), Is.EqualTo("a"));
    }

    [TestCase("""{"bos_token":"<s>","eos_token":{"content":"</s>"},"add_bos_token":true}""", new[] { 256, (int)'a' })]
    [TestCase("""{"bos_token":"<s>","eos_token":"</s>","add_bos_token":true,"add_eos_token":true}""", new[] { 256, (int)'a', 257 })]
    [TestCase("""{"bos_token":"<s>","eos_token":"</s>"}""", new[] { (int)'a' })]
    public void Load_TokenizerConfig_SaysWhatIsAddedAndWhatEnds(string config, int[] expected)
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().WithAdded(256, "<s>", "special").WithAdded(257, "</s>", "special").WithAdded(258, "<e>", "special")
            .Load(("tokenizer_config.json", config), ("generation_config.json", """{"eos_token_id":[258,257],"pad_token_id":0}"""));

        Assert.That(tokenizer.Encode("a"), Is.EqualTo(expected));
        Assert.That(tokenizer.SpecialTokens.BeginningOfSequence, Is.EqualTo(256));
        Assert.That(tokenizer.SpecialTokens.EndOfSequence, Is.EqualTo(new[] { 258, 257 }));
        Assert.That(tokenizer.SpecialTokens.Padding, Is.Zero);
    }

    [Test]
    public void Encode_NormalizedAddedToken_IsFoundInTheNormalizedText()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().With("normalizer", """{"type":"Lowercase"}""")
            .WithAdded(256, "YES", "normalized").WithAdded(257, "No").Load();

        Assert.That(tokenizer.Encode("yEs"), Is.EqualTo(new[] { 256 }));
        Assert.That(tokenizer.Encode("No"), Is.EqualTo(new[] { 257 }));
        Assert.That(tokenizer.Encode("NO"), Is.EqualTo(new[] { 'n', 'o' }));
    }

    [TestCase("""{"type":"NFC"}""", "e\u0301", "é")]
    [TestCase("""{"type":"NFKC"}""", "\uFB01", "fi")]
    [TestCase("""{"type":"Lowercase"}""", "\u0130A", "i\u0307a")]
    [TestCase("""{"type":"Strip","strip_left":true,"strip_right":false}""", " a ", "a ")]
    [TestCase("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"_"}""", "a    b c", "a_b c")]
    [TestCase("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"x"},{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}]}""", "A", "xa")]
    public void Encode_Normalizers_RewriteTheText(string normalizer, string text, string expected)
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().With("normalizer", normalizer).Load();

        Assert.That(tokenizer.Decode(tokenizer.Encode(text)), Is.EqualTo(expected));
    }

    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "<t>", "a b", "▁a|▁b")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", "<t>", "a b<t>a", "▁a▁b|<t>|a")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""", "<t>", " a b", "▁a|▁b")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "<t>", "a<t>a", "▁a|<t>|▁a")]
    [TestCase("""{"type":"Whitespace"}""", "<t>", "ab,, b", "ab|,,|b")]
    [TestCase("""{"type":"WhitespaceSplit"}""", "<t>", " ab,  b ", "ab,|b")]
    [TestCase("""{"type":"Punctuation"}""", "<t>", "a,,b", "a|,|,|b")]
    [TestCase("""{"type":"Punctuation","behavior":"MergedWithPrevious"}""", "<t>", "a,,b", "a,|,|b")]
    [TestCase("""{"type":"Punctuation","behavior":"MergedWithNext"}""", "<t>", "a,,b", "a|,|,b")]
    [TestCase("""{"type":"Punctuation","behavior":"Contiguous"}""", "<t>", "a,,b", "a|,,|b")]
    [TestCase("""{"type":"Digits","individual_digits":false}""", "<t>", "a12b", "a|12|b")]
    [TestCase("""{"type":"Split","pattern":{"String":","},"behavior":"Removed","invert":false}""", "<t>", ",a,b", "a|b")]
    [TestCase("""{"type":"Split","pattern":{"Regex":"\\p{L}+"},"behavior":"Removed","invert":true}""", "<t>", "1a2b", "a|b")]
    public void Encode_PreTokenizers_CutWhereTheyShould(string preTokenizer, string added, string text, string expected)
    {
        // Every word of the expected answer is a token, and none of its parts but single characters.
        JsonObject vocab = [];
        foreach (string token in expected.Split('|').Concat("ab▁,12 <t>".Select(c => c.ToString())).Where(t => t != added).Distinct())
        {
            vocab.Add(token, vocab.Count);
        }

        ITokenizer tokenizer = TinyTokenizer.ByteLevel().With("pre_tokenizer", preTokenizer).With("decoder", "null")
            .WithModel("vocab", vocab.ToJsonString()).WithModel("merges", "[]").WithModel("ignore_merges", "true").WithAdded(vocab.Count, added).Load();

        Assert.That(string.Join('|', tokenizer.Encode(text).Select(tokenizer.TokenText)), Is.EqualTo(expected));
    }

    [Test]
    public void DecodeEncode_AnyText_GivesTheTextBack()
    {
        ITokenizer[] tokenizers =
        [
            TinyTokenizer.ByteLevel(Merges).WithAdded(262, "<|x|>", "special").WithAdded(263, "<y>").Load(),
            TinyTokenizer.SentencePiece("▁abehlo", "h e", "▁ he", "l l").Load(),
        ];
        foreach (ITokenizer tokenizer in tokenizers)
        {
            Prop.ForAll(Texts(), text =>
            {
                IReadOnlyList<int> ids = tokenizer.Encode(text);
                string clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // lone surrogates become U+FFFD
                return tokenizer.Decode(ids) == clean.Replace('▁', tokenizer == tokenizers[1] ? ' ' : '▁')
                    && ids.All(id => id >= 0 && id < tokenizer.VocabularySize);
            }).QuickCheckThrowOnFailure();
        }
    }

    [Test]
    public void Encode_NullCharacterAndLoneSurrogates_AreText()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().Load();

        Assert.That(tokenizer.Encode("\0"), Is.EqualTo(new[] { 0 }));
        Assert.That(tokenizer.Encode("\uD83D"), Is.EqualTo(new[] { 0xEF, 0xBF, 0xBD }));
        Assert.That(tokenizer.Encode("\uDE42\uD83D\uDE42"), Is.EqualTo(new[] { 0xEF, 0xBF, 0xBD, 0xF0, 0x9F, 0x99, 0x82 }));
    }

    [Test]
    public void Encode_FromManyThreads_GivesTheSame()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel(Merges).Load();
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => $"hello w{i} {new string('l', i)} hell")];
        int[][] expected = [.. texts.Select(t => tokenizer.Encode(t).ToArray())];
        Parallel.For(0, 4000, i => Assert.That(tokenizer.Encode(texts[i % 200]), Is.EqualTo(expected[i % 200])));
    }

    private static Arbitrary<string> Texts() => ArbMap.Default.GeneratorFor<string>().Where(s => s is not null)
        .Or(Gen.Elements("he", "ll", " ", "  w", "<|x|>", "é", "\uD83D\uDE42", "\uD83D", "\uDE42", "\0", "▁", "汉", "\u0301", "\n", "hello").ListOf()
            .Select(parts => string.Concat(parts))).ToArbitrary();
}
