using LongContext.Loading;
using LongContext.Tensors;
using LongContext.Tests.Shared;
using LongContext.Tests.Shared.Formats;
using NUnit.Framework;
using static LongContext.Tests.Loading.BadModel;

namespace LongContext.Tests.Loading;

/// <summary>GGUF models in several files.</summary>
[TestFixture]
internal sealed class GgufSplitTests
{
    [TestCase("m-00001-of-00003.gguf")]
    [TestCase("m-00003-of-00003.gguf")]
    [TestCase("")]
    public void Open_AnyPartOrTheFolder_JoinsAllParts(string name)
    {
        using TemporaryFolder folder = Parts();
        using ModelFiles files = ModelDirectory.Open(folder.File(name));

        Assert.That(files.Weights!.Tensors.Keys, Is.EquivalentTo(new[] { "t0", "t1", "t2" }));
        Assert.That(files.Weights.Open("t2").HostSpan<float>()[0], Is.EqualTo(2f));
        Assert.That(files.Gguf!.GetString("general.architecture"), Is.EqualTo("llama"), "the first part has the keys");
    }

    [TestCase(0, 1, "split.no", "name says 0, the key says 1")]
    [TestCase(1, 1, "", "no such file")] // removed
    [TestCase(1, 2, "split.no", "name says 1, the key says 2")] // reordered
    public void Part_MissingOrReordered_IsRefused(int removed, int replacement, string field, string reason)
    {
        using TemporaryFolder folder = Parts();
        File.Delete(folder.File(NameOf(removed)));
        if (removed != replacement)
        {
            File.Copy(folder.File(NameOf(replacement)), folder.File(NameOf(removed)));
        }

        ModelFormatException error = Measure<ModelFormatException>(folder.File(NameOf(2)));
        Assert.That(error.Message, Does.Contain(reason));
        Assert.That(error.Field, Is.EqualTo(field));
    }

    [Test]
    public void Part_OfAnotherModel_IsRefused()
    {
        using TemporaryFolder folder = Parts();
        folder.Write(NameOf(1), Part(1).String("general.architecture", "qwen2").ToArray());

        ExpectMalformed(folder.File(NameOf(0)), "general.architecture", "another model", NameOf(1));
    }

    [Test]
    public void Part_WithATensorOfAnother_IsRefused()
    {
        using TemporaryFolder folder = Parts();
        folder.Write(NameOf(1), Part(1, "t0").ToArray());

        ExpectMalformed(folder.File(NameOf(0)), "t0", "another part", NameOf(1));
    }

    [Test]
    public void TensorCount_OfAllParts_IsChecked()
    {
        using TemporaryFolder folder = Parts();
        folder.Write(NameOf(1), Part(1).Tensor("more", DType.F32, [1], [0f]).ToArray());

        ExpectMalformed(folder.File(NameOf(0)), "split.tensors.count", "should have 3", NameOf(0));
    }

    [Test]
    public void Part_UnderAnotherName_IsRefused()
    {
        using TemporaryFolder folder = new();
        folder.Write("other.gguf", Part(0).ToArray());

        ExpectMalformed(folder.Path, "split.count", "must be named", "other.gguf");
    }

    [Test]
    public void Part_ThatIsALinkOutOfTheFolder_IsRefused()
    {
        using TemporaryFolder folder = Parts(), outside = new();
        File.Move(folder.File(NameOf(1)), outside.File("x"));
        File.CreateSymbolicLink(folder.File(NameOf(1)), outside.File("x"));

        ExpectMalformed(folder.File(NameOf(0)), "", "outside", NameOf(1));
        ModelDirectory.Open(folder.File(NameOf(0)), linkRoot: outside.Path).Dispose();
    }

    [Test]
    public void Parts_OfADownloadCache_OpenWhenOneOfThemIsNamed()
    {
        using TemporaryFolder blobs = Parts(), snapshot = new();
        for (int i = 0; i < 3; i++)
        {
            File.CreateSymbolicLink(snapshot.File(NameOf(i)), blobs.File(NameOf(i)));
        }

        using ModelFiles files = ModelDirectory.Open(snapshot.File(NameOf(1)));
        Assert.That(files.Weights!.Tensors, Has.Count.EqualTo(3));
    }

    [TestCase("m-00001-of-00003.gguf", "m", 1, 3)]
    [TestCase("a-00001-of-00001-00002-of-00002.GGUF", "a-00001-of-00001", 2, 2)]
    public void Parse_NameOfAPart_GivesItsNumbers(string name, string prefix, int number, int count)
    {
        Assert.That(GgufSplitName.Parse(name), Is.EqualTo(new GgufSplitName(prefix, number, count)));
    }

    [TestCase("m.gguf")]
    [TestCase("-00001-of-00003.gguf")]
    [TestCase("m-00000-of-00003.gguf")]
    [TestCase("m-00004-of-00003.gguf")]
    [TestCase("m-0001-of-00003.gguf")]
    [TestCase("m-+0001-of-00003.gguf")]
    [TestCase("m-00001-of-00003.bin")]
    public void Parse_AnyOtherName_IsNull(string name)
    {
        Assert.That(GgufSplitName.Parse(name), Is.Null);
    }

    private static string NameOf(int index) => $"m-{index + 1:D5}-of-00003.gguf";

    private static GgufWriter Part(int index, string? tensor = null)
    {
        GgufWriter writer = new GgufWriter()
            .UInt16("split.no", index).UInt16("split.count", 3).Int32("split.tensors.count", 3)
            .Tensor(tensor ?? $"t{index}", DType.F32, [1], [index]);
        return index == 0 ? writer.String("general.architecture", "llama") : writer;
    }

    private static TemporaryFolder Parts()
    {
        TemporaryFolder folder = new();
        for (int i = 0; i < 3; i++)
        {
            folder.Write(NameOf(i), Part(i).ToArray());
        }

        return folder;
    }
}
