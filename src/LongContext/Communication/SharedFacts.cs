using System.Buffers.Binary;
using System.Text;

namespace LongContext.Communication;

/// <summary>What ranks compare when they start: named facts as bytes, and the first one that differs.</summary>
internal static class SharedFacts
{
    /// <summary>The most that a rank may send.</summary>
    internal const int MostBytes = 64 * 1024;

    /// <summary>Each name and value as a length, in little-endian order, and UTF-8.</summary>
    internal static byte[] Encode(IReadOnlyList<KeyValuePair<string, string>> facts)
    {
        using MemoryStream stream = new();
        foreach ((string name, string value) in facts)
        {
            Write(stream, name);
            Write(stream, value);
        }

        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not what <see cref="Encode"/> makes.</exception>
    internal static Dictionary<string, string> Decode(ReadOnlySpan<byte> bytes)
    {
        Dictionary<string, string> facts = [];
        while (bytes.Length > 0)
        {
            string name = Read(ref bytes);
            facts[name] = Read(ref bytes);
        }

        return facts;
    }

    /// <summary>The first rank that differs from rank 0 in a fact, and a sentence with both values; nothing if all are equal.</summary>
    internal static (int Rank, string Message)? Difference(IReadOnlyList<Dictionary<string, string>> ranks, CommunicatorInfo info)
    {
        foreach (string name in ranks.SelectMany(r => r.Keys).Distinct())
        {
            for (int rank = 1; rank < ranks.Count; rank++)
            {
                (string first, string other) = (Value(ranks[0], name), Value(ranks[rank], name));
                if (first != other)
                {
                    return (rank, $"Ranks were started with different settings: {name} is {first} on {info.Describe(0)}, but {other} on {info.Describe(rank)}.");
                }
            }
        }

        return null;
    }

    private static string Value(Dictionary<string, string> facts, string name) => facts.TryGetValue(name, out string? value) ? $"'{value}'" : "absent";

    private static void Write(MemoryStream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        stream.Write(length);
        stream.Write(bytes);
    }

    private static string Read(ref ReadOnlySpan<byte> bytes)
    {
        int count = bytes.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (count < 0 || count > bytes.Length - sizeof(int))
        {
            throw new InvalidDataException("Another rank's settings end early.");
        }

        string text = Encoding.UTF8.GetString(bytes.Slice(sizeof(int), count));
        bytes = bytes[(sizeof(int) + count)..];
        return text;
    }
}
