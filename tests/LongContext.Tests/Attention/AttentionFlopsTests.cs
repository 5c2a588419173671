using LongContext.Attention;
using LongContext.Attention.SequenceParallel;
using LongContext.Backends;
using NUnit.Framework;

namespace LongContext.Tests.Attention;

[TestFixture]
internal sealed class AttentionFlopsTests
{
    private static readonly AttentionModel Llama8B = new(32, 4_096, 14_336, 32, 8, 128, Activation.Silu, RotaryLayout.SplitHalves);

    [Test]
    public void Formulas_ForLlama8BAt512K_GiveThePapersNumbers()
    {
        const double n = 512 * 1_024;
        Assert.That(AttentionFlops.Full(Llama8B, n), Is.EqualTo(7.94e16).Within(0.5).Percent);
        Assert.That(AttentionFlops.Star(Llama8B, n, 8), Is.EqualTo(4.64e16).Within(0.5).Percent);
        Assert.That(AttentionFlops.Apb(Llama8B, n, 8, 4_096, 2_048), Is.EqualTo(1.88e16).Within(0.5).Percent);
    }

    [Test]
    public void Count_OfExactAttention_IsTheFormulaOfItsTriangle()
    {
        // The paper counts n² · d / 2 pairs of two products of 2 operations as 2 n² d; the count has the diagonal besides.
        const int n = 65_536;
        Assert.That(PrefillWork.Full(n).Flops(Llama8B), Is.EqualTo(AttentionFlops.Full(Llama8B, n)).Within(0.01).Percent);
    }

    [Test]
    public void Count_OverHosts_IsTheMasksOwn([Values(1, 3, 8)] int hosts)
    {
        ApproximateAttentionOptions options = new() { Hosts = hosts, AnchorLength = 64, PassingLength = 64 };
        PrefillGeometry geometry = PrefillGeometry.For(AttentionMethod.Apb, options, 3_000, 3_010, 64);
        long pairs = 0, rows = 0;
        for (int position = 0; position < 3_000; position++)
        {
            int block = geometry.Blocks.BlockOf(position);
            pairs += position - geometry.Blocks.Start(block) + 1 + (block == 0 ? 0 : 128 + (64 * block));
            rows++;
        }

        if (hosts > 1)
        {
            rows += 128;
            pairs += 128 * 129 / 2;
        }

        Assert.That(PrefillWork.OneMachine(geometry), Is.EqualTo(new PrefillWork(rows, pairs)));
    }
}
