using System.Globalization;
using System.Text;
using LongContext.Loading;
using LongContext.Tests.Shared;
using NUnit.Framework;
using static LongContext.Tests.Loading.BadModel;
using static LongContext.Tests.Loading.RawSafetensors;

namespace LongContext.Tests.Loading;

/// <summary>Safetensors files that must be refused, and the odd ones that must not.</summary>
[TestFixture]
internal sealed class SafetensorsMalformedTests
{
    [TestCase(0UL)]
    [TestCase(3UL)] // one more than there is
    [TestCase(100_000_001UL)]
    [TestCase(1UL << 63)]
    [TestCase(ulong.MaxValue)]
    [TestCase(ulong.MaxValue - 7)] // plus 8 wraps to 0
    public void HeaderLength_ZeroOrBeyondLimitOrFile_IsRefused(ulong length)
    {
        ExpectMalformedSafetensors(Of("{}", 0, length), "header", $"its length is {length}");
    }

    [Test]
    public void HeaderLength_BeyondTheLimitThoughTheFileIsThatLarge_IsRefused()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        string path = folder.Write("model.safetensors", Of("{}", 0, 100_000_001));
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(200_000_000); // sparse
        }

        ExpectMalformed(folder.Path, "header", "its length is 100000001", "model.safetensors");
    }

    [TestCase(1)]
    [TestCase(7)]
    public void File_ShorterThanTheLength_IsRefused(int bytes)
    {
        ExpectMalformedSafetensors(new byte[bytes], "header", "less than the 8");
    }

    [TestCase("[]", "must start with '{'")]
    [TestCase("\"a\"", "must start with '{'")]
    [TestCase(" {}", "must start with '{'")]
    [TestCase("{", "not valid JSON")]
    [TestCase("{} x", "not valid JSON")]
    [TestCase("{}{}", "not valid JSON")]
    [TestCase("{}\0", "not valid JSON")]
    [TestCase("{\"\\ud800\":{}}", "not valid JSON")]
    public void Header_NotOneJsonObject_IsRefused(string header, string reason)
    {
        ExpectMalformedSafetensors(Of(header), "header", reason);
    }

    [Test]
    public void Header_NotUtf8_IsRefused()
    {
        ExpectMalformedSafetensors(Of([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'0', (byte)'}']), "header", "UTF-8");
    }

    [TestCase('[')]
    [TestCase('{')]
    public void Depth_OfOneHundredThousand_IsRefused(char open)
    {
        string nested = open == '[' ? new string('[', 100_000) : string.Concat(Enumerable.Repeat("{\"a\":", 100_000));

        ExpectMalformedSafetensors(Of("{\"a\":" + nested), "a", "");
        ExpectMalformedSafetensors(Of("{\"a\":{\"shape\":" + nested), "a", "");
    }

    [Test]
    public void Name_ThatOccursTwice_IsRefused()
    {
        ExpectMalformedSafetensors(Of($"{{{Entry("a", "[1]", "[0,4]")},{Entry("a", "[1]", "[4,8]")}}}", 8), "a", "twice");
    }

    [Test]
    public void Field_ThatOccursTwice_IsRefused()
    {
        ExpectMalformedSafetensors(Of("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"shape\":[2]}}", 4), "a", "twice");
    }

    [TestCase("\"F31\"", "no element type")]
    [TestCase("\"f32\"", "no element type")]
    [TestCase("32", "a string as dtype")]
    public void Type_ThatDoesNotExist_IsRefused(string type, string reason)
    {
        ExpectMalformedSafetensors(Of($"{{{Entry("a", "[1]", "[0,4]", type)}}}", 4), "a", reason);
    }

    [TestCase("[4194305,4194305,211106198978564]")] // safetensors-cpp: the product wraps to a small number
    [TestCase("[4294967296,4294967296]")]
    [TestCase("[18446744073709551615,2]")]
    [TestCase("[4611686018427387905]")] // times 4 bytes wraps to 4
    [TestCase("[18446744073709551615,18446744073709551615,18446744073709551615,18446744073709551615]")]
    [TestCase("[0,18446744073709551615,18446744073709551615]")]
    [TestCase("[2]")]
    [TestCase("[]", 8)] // one element
    public void Shape_ThatDoesNotTakeTheBytes_IsRefused(string shape, int bytes = 4)
    {
        ExpectMalformedSafetensors(Of($"{{{Entry("a", shape, $"[0,{bytes}]")}}}", bytes), "a", "does not take");
    }

    [TestCase("[1e3]")]
    [TestCase("[1.0]")]
    [TestCase("[-0]")]
    [TestCase("[-1]")]
    [TestCase("[18446744073709551616]")]
    [TestCase("[null]")]
    [TestCase("[[1]]")]
    [TestCase("[\"1\"]")]
    public void Number_NotPlainAndWhole_IsRefused(string numbers)
    {
        ExpectMalformedSafetensors(Of($"{{{Entry("a", numbers, "[0,4]")}}}", 4), "a", "whole numbers");
        ExpectMalformedSafetensors(Of($"{{{Entry("a", "[1]", numbers)}}}", 4), "a", "whole numbers");
    }

    [TestCase("[]", "two data_offsets")]
    [TestCase("[4]", "two data_offsets")]
    [TestCase("[0,4,8]", "more than 2")]
    [TestCase("{}", "an array")]
    [TestCase("[4,0]", "reversed")] // audio.cpp PR 138: the difference underflows and passes
    [TestCase("[0,8]", "beyond")]
    [TestCase("[18446744073709551612,18446744073709551615]", "beyond")]
    [TestCase("[1,4]", "a hole")]
    public void Offsets_NotARangeOfTheData_AreRefused(string offsets, string reason)
    {
        ExpectMalformedSafetensors(Of($"{{{Entry("a", "[1]", offsets)}}}", 4), "a", reason);
    }

    [TestCase("[4,8]", "[12,16]", 16, "b")] // a hole
    [TestCase("[4,8]", "[6,10]", 12, "b")] // an overlap
    [TestCase("[4,8]", "[4,8]", 8, "")] // the same twice
    public void Offsets_WithHolesOrOverlaps_AreRefused(string first, string second, int length, string field)
    {
        string header = $"{{{Entry("c", "[1]", "[0,4]")},{Entry("a", "[1]", first)},{Entry(field.Length == 0 ? "a2" : "b", "[1]", second)}}}";
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("model.safetensors", Of(header, length));

        Assert.That(Measure<ModelFormatException>(folder.Path).Message, Does.Contain("a hole or an overlap"));
    }

    [Test]
    public void Data_BehindTheLastTensor_IsRefused()
    {
        ExpectMalformedSafetensors(Of($"{{{Entry("a", "[1]", "[0,4]")}}}", 5), "", "which has 5 bytes");
    }

    [Test]
    public void Field_OfNoMeaning_IsRefused()
    {
        ExpectMalformedSafetensors(Of("{\"a\":{\"x\":[]}}"), "a", "fields besides");
    }

    [Test]
    public void Metadata_ThatIsNotText_IsRefused()
    {
        ExpectMalformedSafetensors(Of("{\"__metadata__\":{\"a\":1}}"), "__metadata__", "expected a string");
    }

    [Test]
    public void MillionTensors_AreRefusedByTheMemoryTheyNeed()
    {
        StringBuilder header = new("{", 80_000_000);
        for (int i = 0; i < 1_000_000; i++)
        {
            header.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ",")}\"t{i}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        }

        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("model.safetensors", Of(header.Append('}').ToString()));

        Assert.That(Measure<ModelFormatException>(folder.Path).Message, Does.Contain("more than 67108864 bytes of memory"));
    }

    [TestCase("F8_E4M3")]
    [TestCase("F64")]
    public void FloatingPointType_ThatIsNotSupported_IsNamed(string type)
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("model.safetensors", Of($"{{{Entry("a", "[8]", "[0,8]", $"\"{type}\"")}}}", 8));

        Assert.That(Measure<UnsupportedModelException>(folder.Path).Message, Does.Contain(type).And.Contain("'a'"));
    }

    [Test]
    public void IntegerBuffer_IsNoWeightAndAnErrorOnlyWhenOpened()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("model.safetensors", Of($"{{{Entry("ids", "[1]", "[0,8]", "\"I64\"")},{Entry("a", "[]", "[8,12]")}}}   ", 12));
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.Weights!.Tensors.Keys, Is.EqualTo(new[] { "a" }));
        Assert.That(files.Weights.Tensors["a"].Dimensions, Is.EqualTo(new[] { 1L }), "a scalar is a vector of one");
        Assert.That(() => files.Weights.Open("ids"), Throws.TypeOf<UnsupportedModelException>().With.Message.Contains("I64"));
        Assert.That(() => files.Weights.Open("b"), Throws.TypeOf<KeyNotFoundException>());
    }

    [Test]
    public void TensorWithoutElements_BetweenTwoOthers_IsSkipped()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", "{}");
        folder.Write("model.safetensors", Of($"{{{Entry("a", "[1]", "[0,4]")},{Entry("z", "[0,7]", "[4,4]")},{Entry("b", "[1]", "[4,8]")}}}", 8));
        using ModelFiles files = ModelDirectory.Open(folder.Path);

        Assert.That(files.Weights!.Tensors.Keys, Is.EquivalentTo(new[] { "a", "b" }));
    }
}
