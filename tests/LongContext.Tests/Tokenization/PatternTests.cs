using System.Text.RegularExpressions;
using LongContext.Tokenization.Patterns;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>The hand-written matchers against .NET's backtracking engine, and their time.</summary>
[TestFixture]
internal sealed class PatternTests
{
    /// <summary>Plane 0 only: .NET's engine does not see code points above it.</summary>
    private const string Alphabet = "aabzABZ \t\u00A0\u3000  \r\n\n'''sStTrRvVeElLmMdD019.,!/?$+|(\u0301\u0645\u00B2\u2167ßéÉ汉字ひカ한ǅʰ\uFF01\u2018_-\u200D\u0915\u093E";

    private static readonly string[] Published =
    [
        PublishedPatterns.Gpt2, PublishedPatterns.Llama3, PublishedPatterns.Qwen2, PublishedPatterns.Qwen35, PublishedPatterns.Gpt4o,
        PublishedPatterns.Tekken, PublishedPatterns.DeepSeekV3, PublishedPatterns.DeepSeekV3Asian, PublishedPatterns.DeepSeekAsian,
        PublishedPatterns.DeepSeekPunctuation, PublishedPatterns.Punctuation, PublishedPatterns.Punctuation + "+",
    ];

    private static readonly string[] Others =
    [
        @"\p{N}", @"\p{N}+", @"\p{N}{1,3}", @"\p{N}{2,}", "[0-9][0-9][0-9]", @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", @"\s+$", @"\s+", " {2,}",
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
        @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|\p{L}+",
        @" ?[^(\s|.,!?…。，、।۔،)]+", @"[^\n]+|[\n]+", "a-z", @"\-\.",
        "[^\r\n\\p{L}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*", // line ends written as they are
    ];

    [TestCaseSource(nameof(Published))]
    [TestCaseSource(nameof(Others))]
    public void TryFind_RandomText_FindsWhatABacktrackingEngineFinds(string regex)
    {
        IPattern pattern = PatternReader.Read(regex);
        // .NET's $ also matches before a last line end; \z is what other engines mean.
        Regex reference = new(regex.EndsWith('$') ? regex[..^1] + @"\z" : regex, RegexOptions.CultureInvariant);
        Random random = new(7);
        for (int i = 0; i < 3000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(24)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            Assert.That(Found(pattern, text), Is.EqualTo(reference.Matches(text).Select(m => m.Value)), $"'{text}'");
        }
    }

    [Test]
    public void TryFind_LettersAndDigitsAbovePlane0_CountAsLettersAndDigits()
    {
        IPattern pattern = PatternReader.Read(PublishedPatterns.Gpt2);

        // Gothic letters; mathematical digits; emoji
        Assert.That(Found(pattern, " 𐌰𐌱 𝟏𝟐🙂🙂 x"), Is.EqualTo(new[] { " 𐌰𐌱", " 𝟏𝟐", "🙂🙂", " x" }));
        Assert.That(Found(PatternReader.Read(PublishedPatterns.DeepSeekLetters), "𐐀𐐁 ab1"), Is.EqualTo(new[] { "𐐀𐐁", " ab" }));
    }

    [TestCase(@"(a+)+b")]
    [TestCase(@"\p{L}+(?=x)")]
    [TestCase(@"[a-z&&[^aeiou]]+")]
    [TestCase(@"\p{Han}+")]
    [TestCase(@"\w+")]
    [TestCase(@"a|b*")]
    [TestCase(@"a++")]
    [TestCase(@"\s*[\r\n]+")] // alone, it may look at the same white space again and again
    [TestCase("")]
    [TestCase("[abc")]
    [TestCase("a{3,1}")]
    [TestCase(@"\")]
    [TestCase(@"[z-a]")]
    [TestCase(@"x{1000000000}")]
    public void Read_AnotherRegex_IsATypedError(string regex)
    {
        Assert.That(() => PatternReader.Read(regex), Throws.TypeOf<UnsupportedModelException>());
    }

    [Test]
    public void TryFind_OneMillionOfAnything_TakesLinearTime([ValueSource(nameof(Published))] string regex)
    {
        IPattern pattern = PatternReader.Read(regex);
        foreach (string unit in (string[])["a", "A", " ", "\n", " \n", "0", "\u0301", "あA", "A\u0301", "'", "\t\t", "🙂", "aA", ". "])
        {
            string text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length)) + "x";
            CpuTime cpu = CpuTime.Start();
            int position = 0;
            while (pattern.TryFind(text, position, out _, out int end))
            {
                position = end;
            }

            Assert.That(cpu.Seconds, Is.LessThan(1), unit);
        }
    }

    private static List<string> Found(IPattern pattern, string text)
    {
        List<string> found = [];
        int position = 0;
        while (pattern.TryFind(text, position, out int start, out int end))
        {
            found.Add(text[start..end]);
            position = end;
        }

        return found;
    }
}
