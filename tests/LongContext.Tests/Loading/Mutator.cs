using System.Buffers.Binary;

namespace LongContext.Tests.Loading;

/// <summary>Damages a file in one to four of the ways that files and attackers do it. The seed decides everything.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly ulong[] Interesting =
        [0, 1, 2, 31, 32, 127, 128, 255, 65_535, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32, 1UL << 61, 1UL << 62, long.MaxValue, 1UL << 63, ulong.MaxValue];

    private readonly Random _random = new(seed);

    internal byte[] Mutate(byte[] original)
    {
        byte[] bytes = [.. original];
        for (int i = _random.Next(4); i >= 0; i--)
        {
            bytes = Once(bytes);
        }

        return bytes;
    }

    private byte[] Once(byte[] bytes)
    {
        if (bytes.Length < 9)
        {
            return [.. bytes, (byte)_random.Next(256)];
        }

        int at = _random.Next(bytes.Length - 8), count = 1 + _random.Next(Math.Min(32, bytes.Length - at));
        switch (_random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                return bytes;
            case 2:
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), Interesting[_random.Next(Interesting.Length)]);
                return bytes;
            case 3:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)Interesting[_random.Next(Interesting.Length)]);
                return bytes;
            case 4:
                return bytes[..at];
            case 5:
                return [.. bytes[..at], .. bytes[(at + count)..]];
            default:
                int from = _random.Next(bytes.Length - 8), length = Math.Min(count, bytes.Length - from);
                return [.. bytes[..at], .. bytes[from..(from + length)], .. bytes[at..]]; // a piece twice
        }
    }
}
