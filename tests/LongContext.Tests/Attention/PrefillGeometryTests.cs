using LongContext.Attention.SequenceParallel;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

/// <summary>What holds for every prompt a session of some length may see.</summary>
[TestFixture]
internal sealed class PrefillGeometryTests
{
    private const int PageSize = 64;

    [Test]
    public void Prompts_OfAnyLengths_FitTheScratchPagesAndAreCutWhole()
    {
        Random random = new(11);
        for (int i = 0; i < 20_000; i++)
        {
            int session = random.Next(2, 200_000);
            int prompt = random.Next(2, session + 1);
            int context = PrefillGeometry.ContextOf(new(), random.Next(1, prompt + 1), prompt);
            ApproximateAttentionOptions options = new()
            {
                Hosts = random.Next(1, 20),
                AnchorLength = random.Next(3) == 0 ? null : random.Next(0, 5_000),
                PassingLength = random.Next(3) == 0 ? null : random.Next(0, 5_000),
                AnchorLayout = (AnchorLayout)random.Next(3),
            };
            AttentionMethod method = random.Next(4) == 0 ? AttentionMethod.Star : AttentionMethod.Apb;
            if (context < 1)
            {
                continue;
            }

            PrefillGeometry geometry = PrefillGeometry.For(method, options, context, prompt, PageSize);
            ContextBlocks blocks = geometry.Blocks;
            int last = blocks.Count - 1;
            int pages = ((geometry.Anchor.IsContext ? 0 : geometry.Anchor.Length) + geometry.PassingBefore(last)) / PageSize;
            string what = $"{method}, {options}, {context} of {prompt} in {session}";
            Assert.That(pages, Is.LessThanOrEqualTo(PrefillGeometry.ScratchPages(method, options, session, PageSize)), what);
            Assert.That(blocks.Count, Is.InRange(1, options.Hosts), what);
            Assert.That(blocks.End(last), Is.EqualTo(context), what);
            Assert.That(blocks.BlockLength % PageSize + geometry.Anchor.Length % PageSize + geometry.PassingBefore(last) % PageSize, Is.Zero, what);
            Assert.That(geometry.Anchor.ContextTokens, Is.InRange(0, blocks.BlockLength), what);
            Assert.That(geometry.Anchor.QueryTokens, Is.InRange(0, prompt - context), what);
            AssertPieces(geometry, prompt, random.Next(1, 3_000), what);
        }
    }

    /// <summary>Steps of any size compute every position once, in order, and no piece crosses a block.</summary>
    private static void AssertPieces(PrefillGeometry geometry, int prompt, int chunk, string what)
    {
        List<Piece> pieces = [];
        int next = 0;
        for (int start = 0; start < prompt; start += chunk)
        {
            Piece.Cut(geometry, start, Math.Min(prompt, start + chunk), 512, pieces);
            foreach (Piece piece in pieces.Where(p => p.Kind != PieceKind.Anchor))
            {
                Assert.That(piece.Start, Is.EqualTo(next), what);
                Assert.That(piece.Kind == PieceKind.Rest || geometry.Blocks.BlockOf(piece.End - 1) == piece.Block, what);
                next = piece.End;
            }
        }

        Assert.That(next, Is.EqualTo(prompt), what);
    }
}
