using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace LongContext.Distributed.Tcp;

/// <summary>Where a rank listens, and on which host it is.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Port">Its port.</param>
/// <param name="Host">Its host's name, for messages.</param>
internal sealed record RankAddress(IPAddress Address, int Port, string Host)
{
    private const int FixedBytes = 16 + 4 + 4 + 4; // address, scope, port, length of the name

    /// <summary>The longest that <see cref="Encode"/> gives.</summary>
    internal const int MostBytes = FixedBytes + 255;

    internal byte[] Encode()
    {
        byte[] host = Encoding.UTF8.GetBytes(Host);
        byte[] bytes = new byte[FixedBytes + Math.Min(host.Length, 255)];
        Address.MapToIPv6().TryWriteBytes(bytes, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), (uint)(Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? Address.ScopeId : 0));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), Port);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), bytes.Length - FixedBytes);
        host.AsSpan(0, bytes.Length - FixedBytes).CopyTo(bytes.AsSpan(FixedBytes));
        return bytes;
    }

    /// <returns>Null if the bytes are none; else the place, and <paramref name="bytes"/> after it.</returns>
    internal static RankAddress? Decode(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedBytes)
        {
            return null;
        }

        IPAddress address = new(bytes[..16], BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]));
        int port = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]);
        if (length < 0 || length > Math.Min(255, bytes.Length - FixedBytes) || port is < 0 or > IPEndPoint.MaxPort)
        {
            return null;
        }

        string host = Encoding.UTF8.GetString(bytes.Slice(FixedBytes, length));
        bytes = bytes[(FixedBytes + length)..];
        return new RankAddress(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port, host);
    }
}
