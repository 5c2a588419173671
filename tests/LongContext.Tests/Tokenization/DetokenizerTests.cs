using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LongContext.Tokenization;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

[TestFixture]
internal sealed class DetokenizerTests
{
    [Test]
    public void Append_AnyIds_PiecesJoinedAreTheDecodedBytesAndNoPieceSplitsACharacter()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().Load(); // id n is byte n
        Prop.ForAll(Ids(256), ids =>
        {
            string expected = Encoding.UTF8.GetString([.. ids.Select(id => (byte)id)]);
            string[] pieces = Pieces(tokenizer.CreateDetokenizer(), ids);
            return string.Concat(pieces) == expected && tokenizer.Decode(ids) == expected && pieces.All(IsWellFormed);
        }).QuickCheckThrowOnFailure();
    }

    [TestCase(DecodeOptions.None)]
    [TestCase(DecodeOptions.SkipSpecialTokens)]
    public void Append_AnyIdsOfASentencePieceVocabulary_PiecesJoinedAreTheDecodedText(DecodeOptions options)
    {
        ITokenizer tokenizer = TinyTokenizer.SentencePiece("▁ab", "▁ a", "▁ ▁").WithAdded(262, "<s>", "special").Load();
        Prop.ForAll(Ids(263), ids =>
        {
            string[] pieces = Pieces(tokenizer.CreateDetokenizer(options), ids);
            return string.Concat(pieces) == tokenizer.Decode(ids, options) && pieces.All(IsWellFormed);
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public void Append_CharacterInFourTokens_ComesWithTheLast()
    {
        IDetokenizer detokenizer = TinyTokenizer.ByteLevel().Load().CreateDetokenizer();

        Assert.That(Pieces(detokenizer, [0xF0, 0x9F, 0x99, 0x82, 'x']), Is.EqualTo(new[] { "", "", "", "🙂", "x", "" }));
    }

    [Test]
    public void Flush_IncompleteCharacter_GivesReplacementAndStartsAnew()
    {
        IDetokenizer detokenizer = TinyTokenizer.ByteLevel().Load().CreateDetokenizer();

        Assert.That(Pieces(detokenizer, [0xF0, 0x9F]), Is.EqualTo(new[] { "", "", "\uFFFD" }));
        Assert.That(Pieces(detokenizer, ['a']), Is.EqualTo(new[] { "a", "" }));
    }

    [Test]
    public void Append_SentencePieceText_DropsOneLeadingSpaceOnly()
    {
        ITokenizer tokenizer = TinyTokenizer.SentencePiece("▁a", "▁ a").WithAdded(260, "<s>", "special").Load(); // ▁ 257, a 258, ▁a 259
        IDetokenizer skipping = tokenizer.CreateDetokenizer(DecodeOptions.SkipSpecialTokens);

        Assert.That(Pieces(skipping, [260, 259, 259]), Is.EqualTo(new[] { "", "a", " a", "" }));
        Assert.That(Pieces(skipping, [257, 259]), Is.EqualTo(new[] { "", " a", "" }), "after a flush the first space is dropped again");
        Assert.That(tokenizer.Decode([260, 259]), Is.EqualTo("<s> a"), "behind a visible token the space stays");
    }

    [TestCase(-1)]
    [TestCase(256)]
    [TestCase(int.MaxValue)]
    public void Decode_IdOutsideOfTheVocabulary_IsATypedError(int id)
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().Load();

        Assert.That(() => tokenizer.Decode([id]), Throws.TypeOf<InvalidRequestException>());
        Assert.That(() => tokenizer.CreateDetokenizer().Append(id), Throws.TypeOf<InvalidRequestException>());
    }

    [Test]
    public void Decode_UnusedId_GivesNoText()
    {
        ITokenizer tokenizer = TinyTokenizer.ByteLevel().WithAdded(300, "<x>").Load();

        Assert.That(tokenizer.Decode(['a', 280, 300]), Is.EqualTo("a<x>"));
        Assert.That(tokenizer.VocabularySize, Is.EqualTo(301));
        Assert.That(tokenizer.TokenText(280), Is.Null);
    }

    private static Arbitrary<int[]> Ids(int count) => Gen.Frequency<int>(
            (2, Gen.Choose(0, count - 1)),
            (2, Gen.Elements(0xF0, 0x9F, 0x99, 0x82, 0xE4, 0xBD, 0xA0, 0xC3, 0xA9)),
            (1, Gen.Elements(0x20, 0x41, 0xFF)))
        .ArrayOf().ToArbitrary();

    private static string[] Pieces(IDetokenizer detokenizer, int[] ids) => [.. ids.Select(detokenizer.Append), detokenizer.Flush()];

    private static bool IsWellFormed(string piece) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece)) == piece;
}
