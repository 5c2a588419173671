using System.Text;
using LongContext.Communication;
using LongContext.Distributed.Tcp;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Tcp;

[TestFixture]
internal sealed class FrameHeaderTests
{
    private static readonly FrameHeader Example = new(
        FrameKind.Announcement, CommVerb.SendReceive, 0xC0FFEE01, 4_000_000_000, 17, new CommTag(812, 31, CommPhase.GatherHeads, 5), 4096);

    [Test]
    public void Read_OfWhatWasWritten_IsTheHeader()
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        Example.Write(bytes);

        Assert.That(FrameHeader.Read(bytes, out string problem), Is.EqualTo(Example), problem);
    }

    [Test]
    public void Read_WithAnyBitFlipped_IsRefused()
    {
        for (int bit = 0; bit < 8 * FrameHeader.Bytes; bit++)
        {
            byte[] bytes = new byte[FrameHeader.Bytes];
            Example.Write(bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.That(FrameHeader.Read(bytes, out string problem), Is.Null, $"bit {bit}");
            Assert.That(problem, Is.Not.Empty);
        }
    }

    [TestCase("123456789", 0xE3069283u)] // the check value of the published parameters
    [TestCase("", 0u)]
    [TestCase("a", 0xC1D04330u)]
    public void Crc32C_OfKnownText_IsTheKnownValue(string text, uint expected)
    {
        Assert.That(Crc32C.Of(Encoding.ASCII.GetBytes(text)), Is.EqualTo(expected));
    }

    [Test]
    public void Crc32C_InPieces_IsThatOfTheWhole()
    {
        byte[] bytes = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 37))];
        for (int cut = 0; cut <= bytes.Length; cut += 7)
        {
            uint crc = Crc32C.Append(Crc32C.Append(uint.MaxValue, bytes.AsSpan(0, cut)), bytes.AsSpan(cut));
            Assert.That(~crc, Is.EqualTo(Crc32C.Of(bytes)));
        }
    }
}
