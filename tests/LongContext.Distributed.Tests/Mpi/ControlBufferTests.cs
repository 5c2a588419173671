using System.Runtime.CompilerServices;
using LongContext.Distributed.Mpi;
using NUnit.Framework;

namespace LongContext.Distributed.Tests.Mpi;

[TestFixture]
internal sealed class ControlBufferTests
{
    [Test]
    public void IsWhole_OfAMessageCutAnywhere_IsFalse()
    {
        ControlBuffer buffer = Make(counts: 3, payload: 1000);
        int whole = buffer.Header.TotalBytes;

        Assert.That(whole, Is.EqualTo(Unsafe.SizeOf<ControlHeader>() + (3 * 8) + 1000));
        for (int bytes = 0; bytes <= ControlBuffer.Bytes; bytes++)
        {
            Assert.That(buffer.IsWhole(bytes), Is.EqualTo(bytes == whole), $"{bytes} bytes of {whole}");
        }

        buffer.Free();
    }

    [Test]
    public void IsWhole_OfAHeaderThatReachesOutsideTheMessage_IsFalse()
    {
        ControlBuffer buffer = Make(counts: 1, payload: 8);
        int whole = buffer.Header.TotalBytes;
        foreach (int payload in (int[])[-1, int.MinValue, int.MaxValue, ControlBuffer.MostPayload + 1, 9])
        {
            buffer.Header.PayloadBytes = payload;
            Assert.That(buffer.IsWhole(whole), Is.False, $"payload of {payload}");
        }

        buffer.Header.PayloadBytes = 8;
        buffer.Header.CountEntries = ushort.MaxValue;
        Assert.That(buffer.IsWhole(whole), Is.False);
        buffer.Header.CountEntries = 1;
        buffer.Header.Magic++;
        Assert.That(buffer.IsWhole(whole), Is.False);
        buffer.Free();
    }

    private static ControlBuffer Make(int counts, int payload)
    {
        ControlBuffer buffer = new(null!);
        buffer.Header.CountEntries = (ushort)counts;
        buffer.Header.PayloadBytes = payload;
        buffer.Seal();
        return buffer;
    }
}
