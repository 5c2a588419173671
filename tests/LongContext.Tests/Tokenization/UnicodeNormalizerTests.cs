using System.Globalization;
using System.Text;
using LongContext.Tokenization.Normalizers;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>The expected hashes are of ICU 78 (Unicode 17), by way of JavaScript's String.normalize.</summary>
[TestFixture]
internal sealed class UnicodeNormalizerTests
{
    private static readonly int[] Pool =
    [
        0x41, 0x61, 0x65, 0x6f, 0x73, 0xc5, 0xe9, 0x1e9b, 0x212b, 0x300, 0x301, 0x302, 0x307, 0x308, 0x30a, 0x323, 0x327, 0x328, 0x345, 0x34f, 0x5b0, 0x5b7,
        0x64b, 0x651, 0x1100, 0x1161, 0x1169, 0x11a8, 0x11ab, 0xac00, 0xac01, 0x3b1, 0x391, 0x313, 0x314, 0x1f70, 0xfb01, 0x3099, 0x304b, 0x30ab, 0x9bc,
        0x9c7, 0x9be, 0x9d7, 0xdd9, 0xdca, 0xdcf, 0x1d15e, 0x1d165, 0x110b9, 0x110ba, 0x2126, 0x4e00, 0x1f600, 0x20, 0xf900, 0x2f800, 0x1e08, 0x344, 0x958,
        0x16d63, 0x16d67, 0x16d6a, 0x226e, 0x338, 0xb71, 0x1025, 0x102e,
    ];

    [TestCase(UnicodeForm.Nfc, "d9792b3ecaf90d77")]
    [TestCase(UnicodeForm.Nfd, "9e8f95b9ceac03a4")]
    [TestCase(UnicodeForm.Nfkc, "08ebff9d0c726565")]
    [TestCase(UnicodeForm.Nfkd, "8398d45b73327e91")]
    public void Normalize_EveryCodePoint_EqualsIcu(object form, string expected)
    {
        UnicodeNormalizer normalizer = new((UnicodeForm)form);
        Fnv hash = new();
        for (int c = 0; c < 0x110000; c++)
        {
            if (c is < 0xD800 or > 0xDFFF)
            {
                hash.Add(normalizer.Normalize(char.ConvertFromUtf32(c)));
            }
        }

        Assert.That(hash.ToString(), Is.EqualTo(expected));
    }

    [TestCase(UnicodeForm.Nfc, "71f98f44f7f2b3b2")]
    [TestCase(UnicodeForm.Nfd, "c0e3116a91c68f02")]
    [TestCase(UnicodeForm.Nfkc, "2bbd5b5234d90aa5")]
    [TestCase(UnicodeForm.Nfkd, "1a1399f8ca763d92")]
    public void Normalize_RandomSequencesOfOddCharacters_EqualsIcu(object form, string expected)
    {
        UnicodeNormalizer normalizer = new((UnicodeForm)form);
        Fnv hash = new();
        uint x = 12345;
        int Next(int n)
        {
            x = unchecked((x * 1103515245) + 12345);
            return (int)((x >> 8) % (uint)n);
        }

        for (int i = 0; i < 20000; i++)
        {
            StringBuilder text = new();
            for (int n = 1 + Next(12); n > 0; n--)
            {
                text.Append(char.ConvertFromUtf32(Pool[Next(Pool.Length)]));
            }

            hash.Add(normalizer.Normalize(text.ToString()));
        }

        Assert.That(hash.ToString(), Is.EqualTo(expected));
    }

    [Test]
    public void Normalize_OneMillionMarksInTheWrongOrder_SortsThemStablyInLinearTime()
    {
        const int Pairs = 500_000;
        string text = "q" + new StringBuilder().Insert(0, "\u0301\u0323", Pairs); // above (230), below (220)

        CpuTime cpu = CpuTime.Start();
        string normalized = new UnicodeNormalizer(UnicodeForm.Nfc).Normalize(text);

        Assert.That(cpu.Seconds, Is.LessThan(2));
        Assert.That(normalized, Is.EqualTo("q" + new string('\u0323', Pairs) + new string('\u0301', Pairs)));
    }

    [Test]
    public void Normalize_NothingToDo_ReturnsTheSameInstance()
    {
        string text = "plain é text"; // precomposed Latin-1 is NFC

        Assert.That(new UnicodeNormalizer(UnicodeForm.Nfc).Normalize(text), Is.SameAs(text));
    }

    /// <summary>FNV-1a over UTF-16 units, low byte first, with a bar behind each text.</summary>
    private sealed class Fnv
    {
        private ulong _hash = 14695981039346656037;

        internal void Add(string text)
        {
            foreach (char c in text + "|")
            {
                _hash = (_hash ^ (byte)c) * 1099511628211;
                _hash = (_hash ^ (byte)(c >> 8)) * 1099511628211;
            }
        }

        public override string ToString() => _hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
