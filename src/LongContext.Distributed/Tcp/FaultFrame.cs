using System.Buffers.Binary;
using System.Text;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>A fault as the body of a frame.</summary>
internal static class FaultFrame
{
    /// <summary>The longest body.</summary>
    internal const int MostBytes = 4096;

    private const int FixedBytes = 28;

    internal static byte[] Encode(CommunicatorFault fault)
    {
        byte[] text = Encoding.UTF8.GetBytes(fault.Message);
        int length = Math.Min(text.Length, MostBytes - FixedBytes);
        byte[] body = new byte[FixedBytes + length];
        body[0] = (byte)fault.Kind;
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), fault.Rank);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), fault.SuspectedRank);
        BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(12), fault.Sequence);
        FrameHeader.WriteTag(body.AsSpan(20), fault.Tag);
        text.AsSpan(0, length).CopyTo(body.AsSpan(FixedBytes));
        return body;
    }

    /// <returns>Null if the bytes are no fault.</returns>
    internal static CommunicatorFault? Decode(ReadOnlySpan<byte> body)
    {
        if (body.Length < FixedBytes || body[0] > (byte)FaultKind.TransportError)
        {
            return null;
        }

        return new CommunicatorFault(
            (FaultKind)body[0], BinaryPrimitives.ReadInt32LittleEndian(body[4..]), BinaryPrimitives.ReadInt32LittleEndian(body[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(body[12..]), FrameHeader.ReadTag(body[20..]), Encoding.UTF8.GetString(body[FixedBytes..]));
    }
}
