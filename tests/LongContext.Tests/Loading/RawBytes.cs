using System.Text;

namespace LongContext.Tests.Loading;

/// <summary>Little-endian bytes written value by value, for files that no proper writer would write.</summary>
internal static class RawBytes
{
    /// <summary>Numbers by their type; strings with a 64-bit length before them; byte arrays as they are.</summary>
    internal static byte[] Of(params object[] parts)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        foreach (object part in parts)
        {
            switch (part)
            {
                case byte value:
                    writer.Write(value);
                    break;
                case int value:
                    writer.Write(value);
                    break;
                case uint value:
                    writer.Write(value);
                    break;
                case ulong value:
                    writer.Write(value);
                    break;
                case float value:
                    writer.Write(value);
                    break;
                case string value:
                    byte[] utf8 = Encoding.UTF8.GetBytes(value);
                    writer.Write((ulong)utf8.Length);
                    writer.Write(utf8);
                    break;
                case byte[] value:
                    writer.Write(value);
                    break;
                default:
                    throw new ArgumentException($"{part.GetType()} is not written.", nameof(parts));
            }
        }

        writer.Flush();
        return stream.ToArray();
    }
}
