using System.Diagnostics;
using System.Text;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>One megabyte of anything: at most two seconds, on a stack of 256 KB, and back again.</summary>
[TestFixture]
internal sealed class TokenizerStressTests
{
    private const int Length = 1_000_000;

    private static readonly (string Name, string Unit)[] Units =
    [
        ("one letter", "a"), ("spaces", " "), ("line ends", "\n"), ("digits", "0"), ("emoji", "🙂"), ("marks", "\u0301\u0323"), ("space marker", "▁"),
        ("Han", "汉"), ("apostrophes", "'"), ("brackets", "<|"),
    ];

    [TestCase("tokenizers/gpt2/tokenizer.json")]
    [TestCase("tokenizers/qwen2/tokenizer.json")]
    [TestCase("tokenizers/phi3/tokenizer.json")]
    [TestCase("tokenizers/smollm2/tokenizer.json")]
    [TestCase("tokenizers/mistral/tokenizer.json")]
    [TestCase("models/stories260K/tokenizer.json")]
    [TestCase("models/needle-3l/tokenizer.json")]
    [TestCase("models/stories260K/stories260K-f32.gguf")]
    [TestCase("tokenizers/gguf-vocab/ggml-vocab-phi-3.gguf")]
    [TestCase("tokenizers/gguf-vocab/ggml-vocab-qwen2.gguf")]
    public void Encode_OneMegabyteOfAnything_TakesLinearTimeAndConstantStack(string path)
    {
        Check(TokenizerLoader.Load(SharedData.Require(path)));
    }

    [Test]
    public void Encode_OneMegabyteWithSmallVocabularies_TakesLinearTimeAndConstantStack()
    {
        string doubling = "a";
        List<string> merges = [];
        for (; doubling.Length < 512; doubling += doubling)
        {
            merges.Add($"{doubling} {doubling}");
        }

        Check(TinyTokenizer.ByteLevel([.. merges]).Load());
        Check(TinyTokenizer.SentencePiece("▁a0", [.. merges, "▁ ▁", "▁▁ ▁▁", "a ▁"]).Load()); // the last forbids cutting before markers
    }

    private static void Check(ITokenizer tokenizer)
    {
        foreach ((string name, string unit) in Units)
        {
            Check(tokenizer, name, new StringBuilder().Insert(0, unit, Length / Encoding.UTF8.GetByteCount(unit)).ToString());
        }

        Random random = new(1);
        byte[] bytes = new byte[Length];
        random.NextBytes(bytes);
        Check(tokenizer, "random bytes", Encoding.UTF8.GetString(bytes)); // many U+FFFD
        Check(tokenizer, "random Latin-1", Encoding.Latin1.GetString(bytes));
        Check(tokenizer, "random letters", new string([.. bytes.Select(b => (char)('a' + (b % 26)))]));
    }

    private static void Check(ITokenizer tokenizer, string name, string text)
    {
        SmallStack.Run(() =>
        {
            Stopwatch watch = Stopwatch.StartNew();
            IReadOnlyList<int> ids = tokenizer.Encode(text, EncodeOptions.None);
            double seconds = watch.Elapsed.TotalSeconds;
            TestContext.Out.WriteLine($"{name}: {seconds:F2} s, {ids.Count} tokens");

            Assert.That(seconds, Is.LessThan(2), name);
            if (!name.StartsWith("random", StringComparison.Ordinal) && name is not ("marks" or "space marker"))
            {
                Assert.That(tokenizer.Decode(ids), Is.EqualTo(text), name);
            }
        });
    }
}
