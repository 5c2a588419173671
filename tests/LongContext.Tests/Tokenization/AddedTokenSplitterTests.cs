using LongContext.Tokenization.AddedTokens;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

[TestFixture]
internal sealed class AddedTokenSplitterTests
{
    [Test]
    public void Split_RandomTokens_TakesTheLeftmostLongest()
    {
        Random random = new(11);
        for (int round = 0; round < 300; round++)
        {
            string[] texts = [.. Enumerable.Range(0, 1 + random.Next(8)).Select(_ => Word(random, 1 + random.Next(5))).Distinct()];
            AddedTokenSplitter splitter = new(texts.Select((t, i) => new AddedToken(i, t, AddedTokenTraits.None)), static t => t);
            string text = Word(random, random.Next(60));

            Assert.That(Show(text, splitter.Split(text, parseSpecial: true)), Is.EqualTo(Define(text, texts)), $"{text} by {string.Join(',', texts)}");
        }
    }

    [TestCase("lstrip", "a \t<x>  b", "a|< \t<x>>|  b")]
    [TestCase("rstrip", "a <x>\n b", "a |<<x>\n >|b")]
    [TestCase("both", " <x>  <x> ", "< <x>  >|<<x> >")]
    [TestCase("word", "<x>a <x>,é<x> <x>", "<x>a |<<x>>|,é<x> |<<x>>")]
    [TestCase("special", "a<x>b", "a|<<x>>|b")]
    public void Split_WithTraits_TakesTheWhiteSpaceAndTheWordsAround(string traits, string text, string expected)
    {
        AddedTokenTraits flags = traits switch
        {
            "lstrip" => AddedTokenTraits.StripsLeft,
            "rstrip" => AddedTokenTraits.StripsRight,
            "both" => AddedTokenTraits.StripsLeft | AddedTokenTraits.StripsRight,
            "word" => AddedTokenTraits.SingleWord,
            _ => AddedTokenTraits.Special,
        };
        AddedTokenSplitter splitter = new([new AddedToken(0, "<x>", flags)], static t => t);
        Assert.That(Show(text, splitter.Split(text, parseSpecial: true)), Is.EqualTo(expected));
    }

    [Test]
    public void Split_WithoutParsingSpecialTokens_FindsOnlyTheOthers()
    {
        AddedTokenSplitter splitter = new(
            [new AddedToken(0, "<s>", AddedTokenTraits.Special), new AddedToken(1, "<t>", AddedTokenTraits.None)], static t => t);

        Assert.That(Show("<s><t>", splitter.Split("<s><t>", parseSpecial: false)), Is.EqualTo("<s>|<<t>>"));
    }

    [Test]
    public void Split_OneTokenAPrefixOfAnother_IsLinearOnTheWorstText()
    {
        string[] texts = ["a", new string('a', 5000) + "b"];
        AddedTokenSplitter splitter = new(texts.Select((t, i) => new AddedToken(i, t, AddedTokenTraits.None)), static t => t);
        string text = new('a', 1_000_000);

        CpuTime cpu = CpuTime.Start();
        Assert.That(splitter.Split(text, parseSpecial: true), Has.Count.EqualTo(text.Length));
        Assert.That(cpu.Seconds, Is.LessThan(2));
    }

    private static string Word(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => "ab<"[random.Next(3)])]);

    /// <summary>Tokens in angle brackets, parts divided by bars.</summary>
    private static string Show(string text, List<TextSegment> segments) =>
        string.Join('|', segments.Select(s => s.Token is null ? text[s.Start..s.End] : $"<{text[s.Start..s.End]}>"));

    private static string Define(string text, string[] tokens)
    {
        List<string> parts = [];
        string plain = "";
        for (int i = 0; i < text.Length;)
        {
            string? longest = tokens.Where(t => string.CompareOrdinal(text, i, t, 0, t.Length) == 0).MaxBy(t => t.Length);
            if (longest is null)
            {
                plain += text[i++];
                continue;
            }

            parts.AddRange(plain.Length > 0 ? [plain, $"<{longest}>"] : [$"<{longest}>"]);
            plain = "";
            i += longest.Length;
        }

        return string.Join('|', plain.Length > 0 ? [.. parts, plain] : parts);
    }
}
