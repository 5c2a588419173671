using NUnit.Framework;
#if MLTOKENIZERS
using System.Text;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;
#endif

namespace LongContext.Tokenizers.MicrosoftML.Tests;

[TestFixture]
internal sealed class MicrosoftMLTokenizerTests
{
#if MLTOKENIZERS
    /// <summary>256 bytes, "ab" (256), and two special tokens: &lt;s&gt; (257) and &lt;/s&gt; (258).</summary>
    private static MicrosoftMLTokenizer Tokenizer { get; } = Create();

    [Test]
    public void Encode_SpecialTokensInTheText_AreThoseTokensOnlyWhenAskedFor()
    {
        Assert.That(Tokenizer.Encode("ab<s>c", EncodeOptions.ParseSpecialTokens), Is.EqualTo(new[] { 256, 257, 'c' }));
        Assert.That(Tokenizer.Encode("ab<s>c", EncodeOptions.None), Is.EqualTo(new[] { 256, '<', 's', '>', 'c' }));
        Assert.That(Tokenizer.Encode("ab", EncodeOptions.AddSpecialTokens), Is.EqualTo(new[] { 257, 256 }));
    }

    [TestCase("")]
    [TestCase("abab cab")]
    [TestCase("grün \U0001F600 ab")]
    public void Decode_OfAnEncodedText_IsTheText(string text)
    {
        Assert.That(Tokenizer.Decode(Tokenizer.Encode(text, EncodeOptions.None)), Is.EqualTo(text));
    }

    [Test]
    public void Encode_LoneSurrogate_BecomesTheReplacementCharacter()
    {
        Assert.That(Tokenizer.Decode(Tokenizer.Encode("a\uD800b", EncodeOptions.None)), Is.EqualTo("a\uFFFDb"));
    }

    [Test]
    public void Append_BytesOfACharacter_WaitsForTheLastOne()
    {
        IDetokenizer detokenizer = Tokenizer.CreateDetokenizer(DecodeOptions.SkipSpecialTokens);
        List<string> pieces = [.. Tokenizer.Encode("é\U0001F600<s>ab").Select(detokenizer.Append)];
        pieces.Add(detokenizer.Flush());

        Assert.That(pieces, Is.EqualTo(new[] { "", "", "é", "", "", "", "\U0001F600", "", "ab", "" }));
    }

    [Test]
    public void Decode_IdOutsideTheVocabulary_IsRefused()
    {
        Assert.That(() => Tokenizer.Decode([259]), Throws.TypeOf<InvalidRequestException>().With.Message.Contains("259"));
        Assert.That(() => Tokenizer.CreateDetokenizer().Append(-1), Throws.TypeOf<InvalidRequestException>());
    }

    [Test]
    public void FindToken_WrittenExactlySo_IsItsId()
    {
        Assert.That(Tokenizer.FindToken("ab"), Is.EqualTo(256));
        Assert.That(Tokenizer.FindToken("</s>"), Is.EqualTo(258));
        Assert.That(Tokenizer.FindToken("abc"), Is.Null);
        Assert.That(Tokenizer.TokenText(258), Is.EqualTo("</s>"));
    }

    private static MicrosoftMLTokenizer Create()
    {
        StringBuilder ranks = new();
        for (int b = 0; b < 256; b++)
        {
            ranks.Append(Convert.ToBase64String([(byte)b])).Append(' ').Append(b).Append('\n');
        }

        ranks.Append(Convert.ToBase64String("ab"u8)).Append(" 256\n");
        using MemoryStream file = new(Encoding.ASCII.GetBytes(ranks.ToString()));
        return new MicrosoftMLTokenizer(
            TiktokenTokenizer.Create(file, preTokenizer: null, normalizer: null),
            new MicrosoftMLVocabulary
            {
                VocabularySize = 259,
                SpecialTokens = new SpecialTokens { BeginningOfSequence = 257, EndOfSequence = [258] },
                SpecialTokenTexts = new Dictionary<string, int> { ["<s>"] = 257, ["</s>"] = 258 },
                Prefix = [257],
            });
    }
#else
    [Test]
    public void Adapter_IsTested() => Assert.Ignore("Built without the package Microsoft.ML.Tokenizers.");
#endif
}
