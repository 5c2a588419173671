using System.Text.Json;
using System.Text.Json.Serialization;

namespace LongContext.Throughput.Runs;

/// <summary>How requests, results and printed lines are written.</summary>
internal static class Json
{
    internal static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };
}
