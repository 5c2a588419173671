using System.Text;

namespace LongContext.Tests.Loading;

/// <summary>A safetensors file of which header, length and data may lie.</summary>
internal static class RawSafetensors
{
    internal static byte[] Of(string header, int dataLength = 0, ulong? length = null) => Of(Encoding.UTF8.GetBytes(header), dataLength, length);

    internal static byte[] Of(byte[] header, int dataLength = 0, ulong? length = null) =>
        RawBytes.Of(length ?? (ulong)header.Length, header, new byte[dataLength]);

    /// <summary>One tensor's entry, the JSON of its three fields given as text.</summary>
    internal static string Entry(string name, string shape, string offsets, string type = "\"F32\"") =>
        $"\"{name}\":{{\"dtype\":{type},\"shape\":{shape},\"data_offsets\":{offsets}}}";
}
