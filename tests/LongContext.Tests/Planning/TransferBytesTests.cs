using LongContext.Planning;
using NUnit.Framework;

namespace LongContext.Tests.Planning;

/// <summary>Bytes a host sends a layer, against values worked out by hand for Llama-3.1-8B in bfloat16.</summary>
[TestFixture]
internal sealed class TransferBytesTests
{
    private const double Tokens = 131_072, MiB = 1 << 20, KiB = 1 << 10;
    private static readonly ModelCost Model = new(PlanningModels.Llama8B, 2, 2);

    [TestCase(8, 448)]
    [TestCase(64, 504)]
    [TestCase(1024, 511.5)]
    public void Ring_SendsEveryPartOnEveryHopButOne(int hosts, double mebibytes) =>
        Assert.That(TransferBytes.Ring(Model, Tokens, hosts), Is.EqualTo(mebibytes * MiB));

    [TestCase(8, 280)]
    [TestCase(16, 180)]
    [TestCase(32, 124)]
    public void Ulysses_CopiesKVHeadsBeyondTheirNumber(int hosts, double mebibytes) =>
        Assert.That(TransferBytes.Ulysses(Model, Tokens, hosts), Is.EqualTo(mebibytes * MiB).Within(1));

    [TestCase(8, 280)]
    [TestCase(16, 172)]
    [TestCase(64, 91)]
    [TestCase(512, 67.375)]
    public void Usp_OfGroupsOfEight_IsTheSumOfBothExchanges(int hosts, double mebibytes)
    {
        (double inner, double ring) = TransferBytes.Usp(Model, Tokens, hosts, 8);
        Assert.That(inner + ring, Is.EqualTo(mebibytes * MiB).Within(1));
    }

    [Test]
    public void Usp_WithOneInAGroup_IsARing_AndWithAllInOne_IsUlysses()
    {
        Assert.That(TransferBytes.Usp(Model, Tokens, 8, 1), Is.EqualTo((0.0, TransferBytes.Ring(Model, Tokens, 8))));
        Assert.That(TransferBytes.Usp(Model, Tokens, 8, 8), Is.EqualTo((TransferBytes.Ulysses(Model, Tokens, 8), 0.0)));
    }

    [Test]
    public void Apb_PassingAnEighthOfEachBlock_SendsAnEighthOfTheRing() =>
        Assert.That(TransferBytes.Apb(Model, Tokens / 8 / 8, 8), Is.EqualTo(56 * MiB));

    [TestCase(8, 168.9, 72.38)]
    [TestCase(1024, 24.1 * KiB, 241.2)]
    public void Decode_MovesQueriesAndStates_OverAStarOrATree(int hosts, double star, double tree)
    {
        Assert.That(TransferBytes.Decode(Model, hosts) / KiB, Is.EqualTo(star).Within(0.1).Percent);
        Assert.That(TransferBytes.DecodeTree(Model, hosts) / KiB, Is.EqualTo(tree).Within(0.1).Percent);
    }

    [Test]
    public void Decode_MovesLessThanAThousandthOfWhatMovingKeysWould() =>
        Assert.That(TransferBytes.DecodeMovingKV(Model, Tokens, 8) / TransferBytes.Decode(Model, 8), Is.GreaterThan(2_600));
}
