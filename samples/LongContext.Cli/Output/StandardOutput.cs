using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Cli.Output;

/// <summary>Standard output as UTF-8 without a byte order mark, whatever the terminal's settings are.</summary>
internal static class StandardOutput
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Stream Bytes = Console.OpenStandardOutput();

    /// <summary>Text; flushed by its users when somebody should see it.</summary>
    internal static StreamWriter Text { get; } = new(Bytes, Utf8, bufferSize: 1 << 14) { NewLine = "\n" };

    /// <summary>Writes one JSON object and a line end, straight to the stream: it may be large.</summary>
    internal static void WriteJson(Action<Utf8JsonWriter> writeProperties)
    {
        Text.Flush();
        using (Utf8JsonWriter writer = new(Bytes, WriterOptions))
        {
            writer.WriteStartObject();
            writeProperties(writer);
            writer.WriteEndObject();
        }

        Bytes.WriteByte((byte)'\n');
        Bytes.Flush();
    }

    /// <summary>Writes one JSON object and a line end.</summary>
    internal static void WriteJson(JsonObject value) => WriteJson(writer =>
    {
        foreach ((string name, JsonNode? node) in value)
        {
            writer.WritePropertyName(name);
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }
    });
}
