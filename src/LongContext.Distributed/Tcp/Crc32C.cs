using System.Buffers.Binary;
using System.Numerics;

namespace LongContext.Distributed.Tcp;

/// <summary>CRC-32C (Castagnoli), as in iSCSI and ext4.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of <paramref name="bytes"/>.</summary>
    internal static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>Goes on over more bytes. Start with all ones, and invert the last result.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }
}
