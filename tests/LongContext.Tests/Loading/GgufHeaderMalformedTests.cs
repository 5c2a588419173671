using NUnit.Framework;
using static LongContext.Tests.Loading.BadModel;

namespace LongContext.Tests.Loading;

/// <summary>GGUF headers and keys that must be refused. Known attacks carry the number they were published under.</summary>
[TestFixture]
internal sealed class GgufHeaderMalformedTests
{
    private const uint U8 = 0, U32 = 4, I32 = 5, Bool = 7, Text = 8, Array = 9, U64 = 10;

    private static readonly ulong[] Lengths =
    [
        97, 1UL << 31, (1UL << 32) + 1, 1UL << 60, 1UL << 61, (1UL << 61) + 1, 1UL << 62, 1UL << 63, ulong.MaxValue - 7, ulong.MaxValue,
    ];

    [TestCaseSource(nameof(Lengths))]
    public void Cve202423605_KeyCountBeyondTheFile_IsRefused(ulong count)
    {
        ExpectMalformedGguf(new RawGguf { KeyCount = count }.ToArray(), "key count", "cannot hold them");
    }

    [TestCaseSource(nameof(Lengths))]
    public void Cve202421836_TensorCountBeyondTheFile_IsRefused(ulong count)
    {
        ExpectMalformedGguf(new RawGguf { TensorCount = count }.ToArray(), "tensor count", "cannot hold them");
    }

    [TestCaseSource(nameof(Lengths))]
    public void Cve202423496_StringLengthBeyondTheFile_IsRefused(ulong length)
    {
        ExpectMalformedGguf(new RawGguf().Key("k", Text, length).ToArray(), "k", $"a string of {length} bytes is declared");
    }

    [TestCaseSource(nameof(Lengths))]
    public void KeyName_LengthBeyondTheFile_IsRefused(ulong length)
    {
        byte[] file = [.. RawBytes.Of(0x46554747u, 3u, 0UL, 1UL, length), .. new byte[64]];

        ExpectMalformedGguf(file, "key 0", $"a string of {length} bytes is declared");
    }

    [TestCaseSource(nameof(Lengths))]
    public void Cve202421825_StringArrayCountBeyondTheFile_IsRefused(ulong count)
    {
        ExpectMalformedGguf(new RawGguf().Key("k", Array, Text, count).ToArray(), "k", $"{count} strings are declared");
    }

    [TestCaseSource(nameof(Lengths))]
    public void ArrayCount_BeyondTheFile_IsRefused(ulong count)
    {
        ExpectMalformedGguf(new RawGguf { Data = new byte[32] }.Key("k", Array, U64, count).ToArray(), "k", $"{count} integers are declared");
    }

    [Test]
    public void StringInAnArray_LengthBeyondTheFile_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("k", Array, Text, 2UL, "a", ulong.MaxValue).ToArray(), "k", "a string of");
    }

    [Test]
    public void ByteArray_LargerThanTheMemoryItMayTake_IsRefusedBeforeItIsAllocated()
    {
        byte[] file = new RawGguf { Data = new byte[12 << 20] }.Key("k", Array, U8, 10UL << 20).ToArray();

        ExpectMalformedGguf(file, "k", "needs more than");
    }

    [TestCase(0u, "version 0")]
    [TestCase(1u, "version 1")]
    [TestCase(4u, "version 4")]
    [TestCase(uint.MaxValue, "version 4294967295")]
    [TestCase(3u << 24, "big-endian")]
    public void Version_OtherThanTwoAndThree_IsRefused(uint version, string reason)
    {
        ExpectMalformedGguf(new RawGguf { Version = version }.ToArray(), "version", reason);
    }

    [Test]
    public void Magic_OfAnotherFormat_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf { Magic = 0x67676D6C }.ToArray(), "magic", "GGUF");
    }

    [TestCase(0u)]
    [TestCase(13u)]
    [TestCase(1u << 31)]
    [TestCase(uint.MaxValue)]
    public void Alignment_NotASmallPowerOfTwo_IsRefused(uint alignment)
    {
        ExpectMalformedGguf(new RawGguf().Key("general.alignment", U32, alignment).ToArray(), "general.alignment", "power of two");
    }

    [TestCase(I32)]
    [TestCase(6u)]
    [TestCase(U64)]
    [TestCase(Text)]
    public void Alignment_OfAnotherType_IsRefused(uint type)
    {
        ExpectMalformedGguf(new RawGguf().Key("general.alignment", type, 32UL, new byte[32]).ToArray(), "general.alignment", "must be UInt32");
    }

    [Test]
    public void Key_ThatOccursTwice_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("k", U32, 1u).Key("k", U32, 1u).ToArray(), "k", "twice");
    }

    [Test]
    public void Key_WithoutName_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("", U32, 1u).ToArray(), "key 0", "empty");
    }

    [Test]
    public void Array_OfArrays_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("k", Array, Array, 1UL, U8, 1UL, (byte)1).ToArray(), "k", "arrays of arrays");
    }

    [TestCase(13u)]
    [TestCase(uint.MaxValue)]
    public void Type_ThatDoesNotExist_IsRefused(uint type)
    {
        ExpectMalformedGguf(new RawGguf().Key("k", type, 1u).ToArray(), "k", "no value type");
        ExpectMalformedGguf(new RawGguf().Key("k", Array, type, 1UL, 1u).ToArray(), "k", "no element type");
    }

    [Test]
    public void Boolean_NeitherZeroNorOne_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("k", Bool, (byte)2).ToArray(), "k", "neither 0 nor 1");
    }

    [Test]
    public void Integer_AboveTheSignedRange_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("k", U64, ulong.MaxValue).ToArray(), "k", "above 2^63");
    }

    [Test]
    public void String_ThatIsNotUtf8_IsRefused()
    {
        ExpectMalformedGguf(new RawGguf().Key("k", Text, 2UL, new byte[] { 0xC3, 0x28 }).ToArray(), "k", "UTF-8");
    }

    [Test]
    public void File_WithoutBytes_IsRefused()
    {
        ExpectMalformedGguf([], "", "empty");
    }
}
