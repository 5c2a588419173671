using LongContext.Tests.Shared.Conformance;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

/// <summary>The laws that follow from APB's and Star's definitions, against attention in doubles with the mask written out.</summary>
[TestFixture]
internal sealed class ApbAttentionTests
{
    private const int ContextLength = 230, QueryLength = 9;
    private static readonly int[] Prompt = [.. Enumerable.Range(100, ContextLength + QueryLength)];
    private static readonly int[] Query = Prompt[ContextLength..];

    private static readonly ApproximateAttentionOptions FourHosts = new()
    {
        Hosts = 4, AnchorLength = 23, PassingLength = 16, MinimumLength = 0, Compressor = CompressorKind.Random,
    };

    [Test]
    public void Rows_OfEveryKind_SeeWhatTheMaskTableSays([Values] ModelBackend backend, [Values(13, 64, 1_000)] int chunk)
    {
        // Blocks of 64 (230 / 4, rounded up to pages); anchor of 9 query tokens and 32 of the context, rounded up to 48.
        ApbRig rig = new(FourHosts) { Backend = backend };
        MaskTable table = new(Prompt, ContextLength, 64, [.. Query, .. Prompt[..39]], 39, 16, rig.Compressor);
        AssertRows(rig, table, rig.Run(Prompt, ContextLength, chunk));
    }

    [Test]
    public void Anchor_InTheReleasedLayout_HasSixteenContextTokensThenTheQuery()
    {
        ApbRig rig = new(FourHosts with { AnchorLayout = AnchorLayout.Released });
        MaskTable table = new(Prompt, ContextLength, 64, [.. Prompt[..16], .. Query, .. Prompt[16..23]], 32, 16, rig.Compressor);
        AssertRows(rig, table, rig.Run(Prompt, ContextLength, 50));
    }

    [Test]
    public void Anchor_OfTheContextOnly_IsItsBeginning()
    {
        ApbRig rig = new(FourHosts with { AnchorLayout = AnchorLayout.ContextOnly });
        MaskTable table = new(Prompt, ContextLength, 64, Prompt[..32], 32, 16, rig.Compressor);
        AssertRows(rig, table, rig.Run(Prompt, ContextLength, 50));
    }

    [Test]
    public void Anchor_KeptForTheQuery_IsSeenByAllRowsAfterTheContext([Values(13, 64, 1_000)] int chunk, [Values] QueryMask mask)
    {
        ApbRig rig = new(FourHosts with { AnchorKV = AnchorKV.KeptForQuery, QueryMask = mask });
        MaskTable table = new(Prompt, ContextLength, 64, [.. Query, .. Prompt[..39]], 39, 16, rig.Compressor)
        {
            KeepsAnchor = true, HasReleasedQueryMask = mask == QueryMask.Released,
        };
        AssertRows(rig, table, rig.Run(Prompt, ContextLength, chunk));
    }

    [TestCase(4, ContextLength, 64)]
    [TestCase(12, 190, 16)] // a query of 49 tokens: its first rows miss whole blocks of 16
    public void QueryMask_OfTheReleasedCode_HidesTheEndsOfAllBlocksButTheLast(int hosts, int contextLength, int blockLength)
    {
        ApbRig rig = new(FourHosts with { Hosts = hosts, AnchorLength = 0, QueryMask = QueryMask.Released });
        MaskTable exact = new(Prompt, contextLength, blockLength, [], 0, 16, rig.Compressor);
        MaskTable released = new(Prompt, contextLength, blockLength, [], 0, 16, rig.Compressor) { HasReleasedQueryMask = true };
        foreach (int chunk in (int[])[1, 13, 1_000])
        {
            float[][] rows = rig.Run(Prompt, contextLength, chunk);
            AssertRows(rig, released, rows);
            Assert.That(() => AssertRows(rig, exact, rows), Throws.InstanceOf<AssertionException>());
        }
    }

    [Test]
    public void Prompt_WithoutAQuery_TakesItsLastTokensForOne()
    {
        ApbRig rig = new(FourHosts with { QueryTokens = QueryLength });
        MaskTable table = new(Prompt, ContextLength, 64, [.. Query, .. Prompt[..39]], 39, 16, rig.Compressor);
        AssertRows(rig, table, rig.Run(Prompt, Prompt.Length, 50));
    }

    [Test]
    public void OneHost_IsDenseAttention([Values(40, 1_000)] int chunk)
    {
        ApbRig rig = new(FourHosts with { Hosts = 1 });
        AssertRows(rig, Dense, rig.Run(Prompt, ContextLength, chunk));
    }

    [Test]
    public void EverythingPassedOn_IsDenseAttentionForAnyNumberOfHosts([Values(2, 3, 5, 14)] int hosts, [Values(40, 1_000)] int chunk)
    {
        ApbRig rig = new(FourHosts with { Hosts = hosts, AnchorLength = 0, PassingLength = 1_000 });
        AssertRows(rig, Dense, rig.Run(Prompt, ContextLength, chunk));
    }

    [Test]
    public void Star_BlocksSeeTheFirstBlockAndThemselves([Values(40, 1_000)] int chunk)
    {
        ApbRig rig = new(FourHosts, AttentionMethod.Star);
        MaskTable table = new(Prompt, ContextLength, 64, Prompt[..64], 64, 0, null);
        AssertRows(rig, table, rig.Run(Prompt, ContextLength, chunk));
    }

    [Test]
    public void Star_IsApbThatPassesNothingWithTheFirstBlockForAnAnchor()
    {
        float[][] star = new ApbRig(FourHosts, AttentionMethod.Star).Run(Prompt, ContextLength, 50);
        float[][] apb = new ApbRig(FourHosts with { AnchorLength = 64, AnchorLayout = AnchorLayout.ContextOnly, PassingLength = 0 }).Run(Prompt, ContextLength, 50);
        Assert.That(apb, Is.EqualTo(star));
    }

    [Test]
    public void FirstTokens_ThatTheAnchorHas_AreNeverPassedOn()
    {
        // The highest scores are on the excluded tokens; the rows agree with a table that cannot choose them, and not with one that can.
        TableCompressor scores = new(ApbRig.KVHeads, 1, seed: 8);
        ApbRig rig = new(FourHosts) { Compressor = scores };
        float[][] rows = rig.Run(Prompt, ContextLength, 50);
        AssertRows(rig, new MaskTable(Prompt, ContextLength, 64, [.. Query, .. Prompt[..39]], 39, 16, scores), rows);
        MaskTable wrong = new(Prompt, ContextLength, 64, [.. Query, .. Prompt[..39]], 0, 16, scores);
        Assert.That(wrong.Passed(0, 0).Min(), Is.LessThan(39));
        Assert.That(() => AssertRows(rig, wrong, rows), Throws.InstanceOf<AssertionException>());
    }

    [Test]
    public void Chunks_OfAnySize_GiveTheSameBits()
    {
        ApbRig rig = new(FourHosts);
        float[][] expected = rig.Run(Prompt, ContextLength, 1_000, anchorRows: 1_000);
        foreach ((int chunk, int anchorRows) in ((int, int)[])[(1, 5), (31, 16), (64, 64), (100, 48)])
        {
            Assert.That(rig.Run(Prompt, ContextLength, chunk, anchorRows), Is.EqualTo(expected), $"chunks of {chunk}");
        }
    }

    [Test]
    public void ShortContext_IsReadExactly_UnlessToldOtherwise()
    {
        ApbRig rig = new(FourHosts with { MinimumLength = null });
        AssertRows(rig, Dense, rig.Run(Prompt, ContextLength, 50));
    }

    private static MaskTable Dense => new(Prompt, Prompt.Length, Prompt.Length, [], 0, 0, null);

    /// <summary>Every row of the last layer.</summary>
    private static void AssertRows(ApbRig rig, MaskTable table, float[][] rows)
    {
        for (int position = 0; position < Prompt.Length; position++)
        {
            for (int head = 0; head < ApbRig.QHeads; head++)
            {
                double[] expected = rig.Attend(
                    ApbRig.Layers - 1, (Prompt[position], position), head, table.Keys(position, head / (ApbRig.QHeads / ApbRig.KVHeads)));
                for (int d = 0; d < ApbRig.HeadDim; d++)
                {
                    double actual = rows[position][(head * ApbRig.HeadDim) + d];
                    if (!(Math.Abs(actual - expected[d]) <= 2e-5))
                    {
                        throw new AssertionException($"Position {position}, head {head}, feature {d}: {actual:R}, expected {expected[d]:R}.");
                    }
                }
            }
        }
    }
}
