using LongContext.Loading;
using LongContext.Tests.Shared;
using NUnit.Framework;
using static LongContext.Tests.Loading.BadModel;

namespace LongContext.Tests.Loading;

/// <summary>GGUF tensor tables that must be refused. Known attacks carry the number they were published under.</summary>
[TestFixture]
internal sealed class GgufTensorMalformedTests
{
    private const uint F32 = 0, Q8_0 = 8, Q6_K = 14;

    // 64 bytes of data: 16 floats.
    [TestCase(new ulong[] { 1UL << 32, 1UL << 32 })] // the product wraps to 0
    [TestCase(new ulong[] { 4_194_305, 4_194_305, 211_106_198_978_564 })] // wraps to a small number
    [TestCase(new ulong[] { ulong.MaxValue })]
    [TestCase(new ulong[] { 2, 1UL << 63 })]
    [TestCase(new ulong[] { 1UL << 63, 1UL << 63, 1UL << 63, 1UL << 63 })] // wraps in 128 bits, too
    public void Cve202421802_ProductOfDimensionsWraps_IsRefused(ulong[] dimensions)
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", dimensions).ToArray(), "t", "above 2^63 - 1");
    }

    [TestCase(new ulong[] { 1UL << 62 })] // times 4 bytes
    [TestCase(new ulong[] { (1UL << 62) + 4 })]
    public void Cve202633298_ByteSizeOfOneTensorWraps_IsRefused(ulong[] dimensions)
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", dimensions).ToArray(), "t", "above 2^63 - 1");
    }

    [Test]
    public void Cve202553630_SumOfPaddedSizesWraps_IsRefused()
    {
        byte[] file = new RawGguf()
            .Tensor("a", [1UL << 60], F32)
            .Tensor("b", [1UL << 60], F32, 1UL << 62)
            .Tensor("c", [1UL << 60], F32, 1UL << 63)
            .Tensor("d", [1UL << 60], F32, 3UL << 62)
            .Tensor("e", [8], F32).ToArray();

        ExpectMalformedGguf(file, "a", "end beyond the file");
    }

    [Test]
    public void Cve202627940_HeaderPlusOffsetWraps_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [8], F32, ulong.MaxValue - 31).ToArray(), "t", "end beyond the file");
    }

    [Test]
    public void GgmlPad_SizeNearTheEndOfTheRange_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [(1UL << 61) - 1], F32).ToArray(), "t", "end beyond the file");
    }

    [TestCase(17UL, 0UL)]
    [TestCase(16UL, 32UL)]
    [TestCase(1UL << 40, 0UL)]
    public void Cve20267482_TensorBeyondTheFile_IsRefused(ulong elements, ulong offset)
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [elements], F32, offset).ToArray(), "t", "end beyond the file");
    }

    [Test]
    public void ScoresAsBytes_ReadAsNumbers_IsAnErrorNotAReadBeyondThem()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("v.gguf", new RawGguf().Key("tokenizer.ggml.scores", 9, 0u, 3UL, new byte[3]).ToArray());
        using ModelFiles files = ModelDirectory.Open(path);

        Assert.That(() => files.Gguf!.GetNumbers("tokenizer.ggml.scores"), Throws.TypeOf<ModelFormatException>());
    }

    [TestCase(0u)]
    [TestCase(5u)]
    [TestCase(uint.MaxValue)]
    public void Rank_NotOneToFour_IsRefused(uint rank)
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [8, 1, 1, 1], rank: rank).ToArray(), "t", $"{rank} dimensions");
    }

    [TestCase(uint.MaxValue, "no tensor type -1")]
    [TestCase(200u, "no tensor type 200")]
    public void Type_ThatDoesNotExist_IsRefused(uint type, string reason)
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [8], type).ToArray(), "t", reason);
    }

    [TestCase(10u, "Q2_K")]
    [TestCase(17u, "IQ2_XS")]
    [TestCase(39u, "MXFP4")]
    public void Type_ThatIsKnownButNotSupported_IsNamed(uint type, string name)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("m.gguf", new RawGguf().Tensor("t", [256], type).ToArray());

        Assert.That(Measure<UnsupportedModelException>(path).Message, Does.Contain(name).And.Contain("Q6_K"));
    }

    [Test]
    public void Dimension_OfZero_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [8, 0]).ToArray(), "t", "dimension is 0");
    }

    [TestCase(Q8_0, 33UL)]
    [TestCase(Q8_0, 16UL)]
    [TestCase(Q6_K, 32UL)]
    public void Row_ThatIsNotWholeBlocks_IsRefused(uint type, ulong columns)
    {
        ExpectMalformedGguf(new RawGguf { Data = new byte[4_096] }.Tensor("t", [columns, 32], type).ToArray(), "t", "not whole blocks");
    }

    [Test]
    public void Name_ThatOccursTwice_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [8]).Tensor("t", [8], offset: 32).ToArray(), "t", "twice");
    }

    [Test]
    public void Name_ThatIsEmpty_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Tensor("", [8]).ToArray(), "tensor 0", "empty");
    }

    [TestCase(0UL)]
    [TestCase(32UL)]
    public void Ranges_ThatOverlap_AreRefused(ulong offset)
    {
        ExpectMalformedGguf(new RawGguf().Tensor("a", [16]).Tensor("b", [8], offset: offset).ToArray(), "b", "shares bytes");
    }

    [Test]
    public void Offset_OffTheAlignment_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Tensor("t", [4], offset: 4).ToArray(), "t", "multiple of the alignment");
    }
}
