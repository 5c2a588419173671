using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>Whatever a tokenizer.json says, the answer is a tokenizer or a typed error.</summary>
[TestFixture]
internal sealed class MalformedTokenizerTests
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonObject Small = JsonNode.Parse("""
        {"added_tokens":[{"id":3,"content":"<s>","special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]},
        "pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\p{N}"},"behavior":"Isolated","invert":false},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],
        "special_tokens":{"<s>":{"ids":[3]}}},"decoder":{"type":"Fuse"},
        "model":{"type":"BPE","unk_token":"a","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
        """)!.AsObject();

    [Test]
    public void Load_TheSmallFileItself_Works()
    {
        Assert.That(Copy().Load().Encode("ab c"), Is.EqualTo(new[] { 3, 2, 0, 0 }));
    }

    [Test]
    public void Load_TruncatedAtEveryByte_IsAFormatError()
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(Small);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.That(() => TinyTokenizer.Load(bytes.AsSpan(0, length)), Throws.TypeOf<ModelFormatException>(), $"{length} bytes");
        }
    }

    [Test]
    public void Load_EveryByteFlipped_IsATokenizerOrATypedError()
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(Small);
        int refused = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= (byte)(i % 3 == 0 ? 1 : i % 3 == 1 ? 0x20 : 0x80);
            try
            {
                TinyTokenizer.Load(changed).Encode("ab c");
            }
            catch (Exception e) when (e is ModelFormatException or UnsupportedModelException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(bytes.Length / 2));
    }

    [TestCase("model", "null")]
    [TestCase("model", "[]")]
    [TestCase("added_tokens", "{}")]
    [TestCase("added_tokens", "[1]")]
    [TestCase("added_tokens", """[{"id":3,"content":""}]""")]
    [TestCase("added_tokens", """[{"content":"x"}]""")]
    [TestCase("added_tokens", """[{"id":3}]""")]
    [TestCase("added_tokens", """[{"id":-1,"content":"x"}]""")]
    [TestCase("added_tokens", """[{"id":4194304,"content":"x"}]""")]
    [TestCase("added_tokens", """[{"id":2147483648,"content":"x"}]""")]
    [TestCase("added_tokens", """[{"id":1e3,"content":"x"}]""")]
    [TestCase("added_tokens", """[{"id":3,"content":"x"},{"id":3,"content":"y"}]""")]
    [TestCase("added_tokens", """[{"id":3,"content":"x"},{"id":4,"content":"x"}]""")]
    [TestCase("added_tokens", """[{"id":0,"content":"x"}]""")] // id 0 is "a"
    [TestCase("added_tokens", """[{"id":3,"content":"a"}]""")] // "a" is id 0
    [TestCase("added_tokens", """[{"id":3,"content":"<s>","special":1}]""")]
    [TestCase("added_tokens", "[]")] // the template needs id 3
    [TestCase("normalizer", "{}")]
    [TestCase("normalizer", "3")]
    [TestCase("normalizer", """{"type":"Replace","pattern":{"String":""},"content":"x"}""")]
    [TestCase("normalizer", """{"type":"Replace","pattern":{},"content":"x"}""")]
    [TestCase("normalizer", """{"type":"Replace","content":"x"}""")]
    [TestCase("normalizer", """{"type":"Prepend"}""")]
    [TestCase("normalizer", """{"type":"Sequence","normalizers":3}""")]
    [TestCase("pre_tokenizer", """{"type":"Split","pattern":{"String":"x"},"behavior":"Sideways"}""")]
    [TestCase("pre_tokenizer", """{"type":"Split","pattern":{"String":"x"}}""")]
    [TestCase("pre_tokenizer", """{"type":"Metaspace","replacement":""}""")]
    [TestCase("pre_tokenizer", """{"type":"Metaspace","prepend_scheme":"sometimes"}""")]
    [TestCase("post_processor", """{"type":"TemplateProcessing","single":[]}""")]
    [TestCase("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}]}""")]
    [TestCase("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}]}""")]
    [TestCase("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<t>"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}""")]
    [TestCase("post_processor", """{"type":"BertProcessing","cls":["x",99],"sep":["x",0]}""")]
    [TestCase("decoder", """{"type":"Replace","pattern":{"String":""},"content":"x"}""")]
    public void Load_ContradictoryPart_IsAFormatError(string key, string json)
    {
        Assert.That(() => Copy().With(key, json).Load(), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase("vocab", "null")]
    [TestCase("vocab", "[]")]
    [TestCase("vocab", """{"a":0,"b":0,"ab":2}""")]
    [TestCase("vocab", """{"a":-1,"b":1,"ab":2}""")]
    [TestCase("vocab", """{"a":4194304,"b":1,"ab":2}""")]
    [TestCase("vocab", """{"a":99999999999999999999,"b":1,"ab":2}""")]
    [TestCase("vocab", """{"a":"0","b":1,"ab":2}""")]
    [TestCase("vocab", """{"a":0,"b":1}""")] // the merge makes ab
    [TestCase("vocab", "{}")]
    [TestCase("merges", "null")]
    [TestCase("merges", "{}")]
    [TestCase("merges", """["ab"]""")]
    [TestCase("merges", """[" "]""")]
    [TestCase("merges", """["a c"]""")]
    [TestCase("merges", """["a b b"]""")]
    [TestCase("merges", """[["a"]]""")]
    [TestCase("merges", """[["a","b","b"]]""")]
    [TestCase("merges", """[["a",1]]""")]
    [TestCase("merges", "[1]")]
    [TestCase("unk_token", "\"nowhere\"")]
    [TestCase("ignore_merges", "\"yes\"")]
    public void Load_ContradictoryModel_IsAFormatError(string key, string json)
    {
        Assert.That(() => Copy().WithModel(key, json).Load(), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase("normalizer", """{"type":"Precompiled","precompiled_charsmap":""}""")]
    [TestCase("normalizer", """{"type":"Replace","pattern":{"Regex":"(a+)+"},"content":"x"}""")]
    [TestCase("pre_tokenizer", """{"type":"UnicodeScripts"}""")]
    [TestCase("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(?<!x)y+"},"behavior":"Isolated"}""")]
    [TestCase("post_processor", """{"type":"Mystery"}""")]
    [TestCase("decoder", """{"type":"WordPiece"}""")]
    [TestCase("decoder", """{"type":"Strip","content":" ","start":1,"stop":0}""")] // of each token
    public void Load_PartThatIsNotImplemented_IsATypedError(string key, string json)
    {
        Assert.That(() => Copy().With(key, json).Load(), Throws.TypeOf<UnsupportedModelException>());
    }

    [TestCase("type", "\"Unigram\"")]
    [TestCase("type", "\"WordPiece\"")]
    [TestCase("continuing_subword_prefix", "\"##\"")]
    [TestCase("end_of_word_suffix", "\"</w>\"")]
    [TestCase("dropout", "0.1")]
    public void Load_ModelThatIsNotImplemented_IsATypedError(string key, string json)
    {
        Assert.That(() => Copy().WithModel(key, json).Load(), Throws.TypeOf<UnsupportedModelException>());
    }

    [TestCase("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"a\":1},\"merges\":[]}}")]
    [TestCase("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},\"model\":{}}")]
    [TestCase("\uFEFF")]
    [TestCase("null")]
    [TestCase("[]")]
    public void Load_JsonThatMeansTwoThingsOrNone_IsAFormatError(string json)
    {
        Assert.That(() => TinyTokenizer.Load(Encoding.UTF8.GetBytes(json)), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase("\"<s>\"", "\"\\ud800\"")] // half a surrogate pair as an added token
    [TestCase("\"b\":1", "\"\\ud800\":1")] // and in the vocabulary
    [TestCase("\"_\"", "\"\\ud800\"")]
    public void Load_HalfASurrogatePair_IsAFormatError(string from, string to)
    {
        string json = Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(Small, Plain)).Replace(from, to, StringComparison.Ordinal);

        Assert.That(json, Does.Contain("ud800"));
        Assert.That(() => TinyTokenizer.Load(Encoding.UTF8.GetBytes(json)), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Load_InvalidUtf8InATokensText_IsAFormatError()
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(Small);
        bytes[bytes.AsSpan().IndexOf("\"b\":1"u8) + 1] = 0xFF;

        Assert.That(() => TinyTokenizer.Load(bytes), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase("[")]
    [TestCase("{\"normalizer\":")]
    [TestCase("{\"type\":\"Sequence\",\"normalizers\":[")]
    public void Load_NestingBomb_IsAFormatErrorOnASmallStack(string unit)
    {
        byte[] bomb = Encoding.UTF8.GetBytes("{\"normalizer\":" + string.Concat(Enumerable.Repeat(unit, 100_000)));

        Assert.That(() => SmallStack.Run(() => TinyTokenizer.Load(bomb)), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Load_TooManySteps_IsAFormatError()
    {
        string steps = string.Join(',', Enumerable.Repeat("""{"type":"NFC"}""", 1000));

        Assert.That(
            () => Copy().With("normalizer", $$"""{"type":"Sequence","normalizers":[{{steps}}]}""").Load(), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Encode_NormalizersThatMultiplyTheText_IsATypedErrorBeforeTheMemoryIsTaken()
    {
        string step = $$"""{"type":"Replace","pattern":{"String":"a"},"content":"{{new string('a', 64)}}"}""";
        string steps = string.Join(',', Enumerable.Repeat(step, 10));
        ITokenizer tokenizer = Copy().With("normalizer", $$"""{"type":"Sequence","normalizers":[{{steps}}]}""").Load();

        CpuTime cpu = CpuTime.Start();
        Assert.That(() => tokenizer.Encode("aaaa"), Throws.TypeOf<InvalidRequestException>());
        Assert.That(cpu.Seconds, Is.LessThan(10));
    }

    [Test]
    public void Encode_TextBeyondTheLimit_IsATypedError()
    {
        ITokenizer tokenizer = Copy().Load();

        Assert.That(() => tokenizer.Encode(new string('a', (1 << 26) + 1)), Throws.TypeOf<InvalidRequestException>());
    }

    [Test]
    public void Load_MoreJsonValuesThanAnyTokenizerHas_IsAFormatErrorBeforeTheyAreKept()
    {
        byte[] bomb = Encoding.UTF8.GetBytes("{\"x\":[" + string.Concat(Enumerable.Repeat("1,", 5_000_000)) + "1]}");
        long before = GC.GetTotalAllocatedBytes(precise: true);

        Assert.That(() => TinyTokenizer.Load(bomb), Throws.TypeOf<ModelFormatException>().With.Message.Contains("values"));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(bomb.Length + (16L << 20)));
    }

    [Test]
    public void Load_TemplateWithManyTokensAroundTheText_IsAFormatErrorAtOnce()
    {
        string ids = string.Join(',', Enumerable.Repeat("3", 20_000));
        string items = string.Concat(Enumerable.Repeat("""{"SpecialToken":{"id":"<s>"}},""", 20_000)); // 400 million tokens
        string json = $$"""{"type":"TemplateProcessing","single":[{{items}}{"Sequence":{"id":"A"} }],"special_tokens":{"<s>":{"ids":[{{ids}}]} } }""";
        JsonObject tokenizer = Copy().With("post_processor", json);
        long before = GC.GetTotalAllocatedBytes(precise: true);

        Assert.That(() => tokenizer.Load(), Throws.TypeOf<ModelFormatException>().With.Message.Contains("256"));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(100L << 20));
    }

    [Test]
    public void Load_AddedTokensOfMillionsOfCharacters_IsATypedErrorBeforeTheMatcherIsMade()
    {
        JsonObject tokenizer = Copy().With("added_tokens", $$"""[{"id":3,"content":"<s>"},{"id":4,"content":"{{new string('x', 2_000_000)}}"}]""");
        long before = GC.GetTotalAllocatedBytes(precise: true);

        Assert.That(() => tokenizer.Load(), Throws.TypeOf<UnsupportedModelException>());
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(64L << 20));
    }

    [Test]
    public void Load_ErrorThatQuotesTheFile_IsShortAndHasNoControlCharacters()
    {
        string name = "\\u001b[2J" + new string('a', 1_000_000);
        JsonObject tokenizer = Copy().WithModel("vocab", $$"""{"a":0,"b":1,"ab":2,"{{name}}":2}""");

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => tokenizer.Load())!;

        Assert.That(error.Message, Has.Length.LessThan(5_000).And.Contain("?[2Jaaa"));
        Assert.That(error.Message, Does.Not.Contain("\u001b"));
    }

    [Test]
    public void Load_DeviceWithoutEnd_IsAFormatErrorAtOnce()
    {
        if (!File.Exists("/dev/zero"))
        {
            Assert.Ignore("The system has no /dev/zero.");
        }

        Assert.That(() => TokenizerLoader.Load("/dev/zero"), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase("generation_config.json", """{"eos_token_id":99}""")]
    [TestCase("generation_config.json", """{"eos_token_id":[0,-7]}""")]
    [TestCase("generation_config.json", """{"eos_token_id":"x"}""")]
    [TestCase("config.json", "[]")]
    [TestCase("tokenizer_config.json", "{")]
    [TestCase("tokenizer_config.json", """{"add_bos_token":"yes"}""")]
    public void Load_BadFileBeside_IsAFormatError(string name, string json)
    {
        Assert.That(() => Copy().Load((name, json)), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Load_NoSuchFile_IsAFormatError()
    {
        Assert.That(() => TokenizerLoader.Load("/no/such/tokenizer.json"), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void Load_FileBesideThatLeadsOutOfTheFolder_IsAFormatError()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenizer-");
        try
        {
            string outside = Path.Combine(folder.FullName, "secret.json");
            DirectoryInfo model = folder.CreateSubdirectory("model");
            File.WriteAllText(outside, "{}");
            File.WriteAllText(Path.Combine(model.FullName, "tokenizer.json"), Small.ToJsonString());
            File.CreateSymbolicLink(Path.Combine(model.FullName, "tokenizer_config.json"), outside);

            Assert.That(() => TokenizerLoader.Load(Path.Combine(model.FullName, "tokenizer.json")), Throws.TypeOf<ModelFormatException>());
            Assert.That(() => TokenizerLoader.Load(model.FullName), Throws.TypeOf<ModelFormatException>());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static JsonObject Copy() => Small.DeepClone().AsObject();
}
