using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using NUnit.Framework;

namespace LongContext.Tests.Attention.SequenceParallel;

/// <summary>Which rank reads which block, and what each has to do for it.</summary>
[TestFixture]
internal sealed class BlockPlacementTests
{
    private static readonly AttentionModel Model = new(16, 2048, 8192, 32, 8, 64, Activation.Silu, RotaryLayout.SplitHalves);

    [Test]
    public void Blocks_GoForwardsThenBackwardsOverTheRanks()
    {
        BlockPlacement placement = new(3);
        Assert.That(Enumerable.Range(0, 9).Select(placement.RankOf), Is.EqualTo(new[] { 0, 1, 2, 2, 1, 0, 0, 1, 2 }));
        Assert.That(Enumerable.Range(0, 9).Select(placement.PlaceOf), Is.EqualTo(new[] { 0, 0, 0, 1, 1, 1, 2, 2, 2 }));
    }

    [Test]
    public void TwoBlocksOfARank_BalanceTheWork_OneDoesNot([Values(2, 4, 8)] int ranks)
    {
        Assert.That(Balance(BlockPlacement.DefaultBlocks(ranks)), Is.LessThan(1.1));
        Assert.That(Balance(ranks), Is.GreaterThan(1.1));

        double Balance(int blocks)
        {
            double[] flops = Flops(AttentionMethod.Apb, ranks, blocks);
            return flops.Max() / flops.Min();
        }
    }

    [Test]
    public void TwoBlocksOfARank_AreLessWorkThanOne_ForStar([Values(2, 4, 8)] int ranks) =>
        Assert.That(
            Flops(AttentionMethod.Star, ranks, BlockPlacement.DefaultBlocks(ranks)).Max(),
            Is.LessThan(0.8 * Flops(AttentionMethod.Star, ranks, ranks).Max()), "the anchor is a block, and all but the first rank compute it anew");

    [Test]
    public void Work_OfAllRanks_IsWhatTheirRowsSee(
        [Values(1, 2, 3)] int ranks, [Values(1, 2)] int blocksOfARank, [Values(AttentionMethod.Star, AttentionMethod.Apb)] AttentionMethod method)
    {
        ApproximateAttentionOptions options = new() { Hosts = ranks * blocksOfARank, AnchorLength = 20, PassingLength = 16, Compressor = CompressorKind.Random };
        PrefillGeometry geometry = PrefillGeometry.For(method, options, 501, 510, 16);
        BlockPlacement placement = new(ranks);
        (long rows, long pairs) = (0, 0);
        for (int rank = 0; rank < ranks; rank++)
        {
            bool star = method == AttentionMethod.Star;
            bool anchor = geometry.Blocks.Count > 1 && !(star && rank == 0); // Star's is block 0 itself
            for (int i = 0; anchor && i < geometry.Anchor.Length; i++)
            {
                (rows, pairs) = (rows + 1, pairs + i + 1);
            }

            for (int position = 0; position < 501; position++)
            {
                int block = geometry.Blocks.BlockOf(position);
                if (placement.RankOf(block) == rank)
                {
                    int before = block == 0 ? 0 : geometry.Anchor.Length + (star ? 0 : 16 * block);
                    (rows, pairs) = (rows + 1, pairs + before + position - geometry.Blocks.Start(block) + 1);
                }
            }
        }

        PrefillWork work = Enumerable.Range(0, ranks).Aggregate(default(PrefillWork), (sum, rank) => sum + PrefillWork.OfRank(geometry, placement, rank));
        Assert.That((work.Rows, work.Pairs), Is.EqualTo((rows, pairs)));
    }

    private static double[] Flops(AttentionMethod method, int ranks, int blocks)
    {
        ApproximateAttentionOptions options = new() { Hosts = blocks, AnchorLength = 4_096, PassingLength = 2_048, Compressor = CompressorKind.Random };
        PrefillGeometry geometry = PrefillGeometry.For(method, options, 131_072, 131_072 + 64, 64);
        BlockPlacement placement = new(ranks);
        return [.. Enumerable.Range(0, ranks).Select(rank => PrefillWork.OfRank(geometry, placement, rank).Flops(Model))];
    }
}
