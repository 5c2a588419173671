using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using LongContext.Attention.Compression;

namespace LongContext.Training;

/// <summary>Writes retaining heads as bfloat16 safetensors in the published layout. Replaces a file only when the new one is complete.</summary>
internal static class RetainingHeadFile
{
    internal static void Write(string path, IReadOnlyList<HeadNetwork> heads)
    {
        string partial = path + ".partial";
        using (FileStream stream = new(partial, FileMode.Create, FileAccess.Write))
        {
            byte[] header = Header(heads);
            Span<byte> length = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (HeadNetwork head in heads)
            {
                stream.Write(Rounded(head.First));
                stream.Write(Rounded(head.Second));
            }
        }

        File.Move(partial, path, overwrite: true);
    }

    private static byte[] Header(IReadOnlyList<HeadNetwork> heads)
    {
        Dictionary<string, object> entries = [];
        long offset = 0;
        for (int layer = 0; layer < heads.Count; layer++)
        {
            Add(RetainingHeadTensors.NameOf(layer, 1), heads[layer].Width, heads[layer].Inputs);
            Add(RetainingHeadTensors.NameOf(layer, 2), heads[layer].Outputs, heads[layer].Width);
        }

        string json = JsonText(entries);
        return Encoding.UTF8.GetBytes(json.PadRight((json.Length + 7) / 8 * 8)); // names are ASCII: characters are bytes

        void Add(string name, int rows, int columns)
        {
            long end = offset + (sizeof(ushort) * (long)rows * columns);
            entries.Add(name, (new long[] { rows, columns }, new[] { offset, end }));
            offset = end;
        }
    }

    private static string JsonText(Dictionary<string, object> entries)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            foreach ((string name, object value) in entries)
            {
                (long[] shape, long[] offsets) = ((long[], long[]))value;
                writer.WriteStartObject(name);
                writer.WriteString("dtype", "BF16");
                WriteArray(writer, "shape", shape);
                WriteArray(writer, "data_offsets", offsets);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WriteArray(Utf8JsonWriter writer, string name, long[] values)
    {
        writer.WriteStartArray(name);
        foreach (long value in values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }

    /// <summary>The nearest bfloat16, ties to even.</summary>
    private static byte[] Rounded(float[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(ushort)];
        for (int i = 0; i < values.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
        }

        return bytes;
    }
}
