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
        ("one letter", "a"), ("spaces", " "), ("digits", "0"), ("emoji", "🙂"), ("marks", "\u0301\u0323"), ("brackets", "<|"),
    ];

    [TestCase("tokenizers/gpt2/tokenizer.json")]
    [TestCase("tokenizers/qwen2/tokenizer.json")]
    [TestCase("tokenizers/phi3/tokenizer.json")]
    [TestCase("tokenizers/smollm2/tokenizer.json")]
    [TestCase("tokenizers/mistral/tokenizer.json")]
    [TestCase("models/stories260K/tokenizer.json")]
    [TestCase("models/needle-3l/tokenizer.json")]
    [TestCase("tokenizers/gguf-vocab/ggml-vocab-phi-3.gguf")]
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

    [TestCase("tokenizers/qwen2/tokenizer.json")] // 151,665 tokens, 151,387 merges, 4.8 MB
    [TestCase("tokenizers/gguf-vocab/ggml-vocab-qwen2.gguf")]
    public void Load_LargeVocabulary_TakesUnderASecond(string path)
    {
        path = SharedData.Require(path);
        TokenizerLoader.Load(path); // compiles the code
        CpuTime cpu = CpuTime.Start();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ITokenizer tokenizer = TokenizerLoader.Load(path);
        double seconds = cpu.Seconds;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Out.WriteLine($"{seconds:F2} s, {allocated >> 20} MB allocated, {tokenizer.VocabularySize} tokens");

        Assert.That(seconds, Is.LessThan(1));
        Assert.That(allocated, Is.LessThan(100 << 20));
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
        Check(tokenizer, "random letters", new string([.. bytes.Select(b => (char)('a' + (b % 26)))]));
    }

    private static void Check(ITokenizer tokenizer, string name, string text)
    {
        SmallStack.Run(() =>
        {
            CpuTime cpu = CpuTime.Start();
            IReadOnlyList<int> ids = tokenizer.Encode(text, EncodeOptions.None);
            double seconds = cpu.Seconds;
            TestContext.Out.WriteLine($"{name}: {seconds:F2} s, {ids.Count} tokens");

            Assert.That(seconds, Is.LessThan(2), name);
            if (name is "one letter" or "spaces" or "emoji")
            {
                Assert.That(tokenizer.Decode(ids), Is.EqualTo(text), name);
            }
        });
    }
}
