using System.Buffers.Binary;
using LongContext.Communication;

namespace LongContext.Distributed.Tcp;

/// <summary>The 32 bytes before every frame's body, little-endian, the last four a CRC-32C of the others.</summary>
/// <param name="Kind">What the body is.</param>
/// <param name="Verb">The operation's.</param>
/// <param name="Communicator">The group's number, the same on all its ranks; 0 is the world.</param>
/// <param name="Sequence">The operation's number on its communicator, modulo 2³².</param>
/// <param name="Frame">The frame's number on its connection, modulo 2³²: a frame that comes twice or never is noticed.</param>
/// <param name="Tag">The operation's.</param>
/// <param name="Length">Bytes of the body.</param>
internal readonly record struct FrameHeader(
    FrameKind Kind, CommVerb Verb, uint Communicator, uint Sequence, uint Frame, CommTag Tag, int Length)
{
    /// <summary>Bytes of a header.</summary>
    internal const int Bytes = 32;

    private const ushort Magic = 0x4C43;

    /// <summary>Writes the header to the first <see cref="Bytes"/> of <paramref name="to"/>.</summary>
    internal void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, Magic);
        (to[2], to[3]) = ((byte)Kind, (byte)Verb);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Communicator);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], Frame);
        WriteTag(to[16..], Tag);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[28..], Crc32C.Of(to[..28]));
    }

    /// <summary>Reads a header.</summary>
    /// <returns>Null, and what is wrong with it, if these bytes are none.</returns>
    internal static FrameHeader? Read(ReadOnlySpan<byte> from, out string problem)
    {
        ushort magic = BinaryPrimitives.ReadUInt16LittleEndian(from);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(from[28..]);
        uint actual = Crc32C.Of(from[..28]);
        if (magic != Magic || crc != actual)
        {
            problem = magic != Magic
                ? $"a frame starts with 0x{magic:X4} and not with 0x{Magic:X4}"
                : $"a frame's header has checksum 0x{actual:X8} and says 0x{crc:X8}";
            return null;
        }

        problem = "";
        return new FrameHeader(
            (FrameKind)from[2], (CommVerb)from[3], BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[8..]), BinaryPrimitives.ReadUInt32LittleEndian(from[12..]),
            ReadTag(from[16..]), BinaryPrimitives.ReadInt32LittleEndian(from[24..]));
    }

    /// <summary>Writes a tag as 8 bytes.</summary>
    internal static void WriteTag(Span<byte> to, CommTag tag)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, tag.Step);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], tag.Layer);
        (to[6], to[7]) = ((byte)tag.Phase, tag.Part);
    }

    /// <summary>Reads a tag from 8 bytes.</summary>
    internal static CommTag ReadTag(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(from), BinaryPrimitives.ReadUInt16LittleEndian(from[4..]), (CommPhase)from[6], from[7]);
}
