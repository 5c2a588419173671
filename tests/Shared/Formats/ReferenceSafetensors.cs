using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LongContext.Tests.Shared.Formats;

/// <summary>The plainest reader of a trusted safetensors file, for expected values.</summary>
internal static class ReferenceSafetensors
{
    /// <summary>An F32 tensor's numbers.</summary>
    internal static float[] Floats(string path, string name) => MemoryMarshal.Cast<byte, float>(Bytes(path, name)).ToArray();

    /// <summary>An I32 tensor's numbers.</summary>
    internal static int[] Integers(string path, string name) => MemoryMarshal.Cast<byte, int>(Bytes(path, name)).ToArray();

    private static byte[] Bytes(string path, string name)
    {
        byte[] file = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(8, header));
        JsonElement offsets = json.RootElement.GetProperty(name).GetProperty("data_offsets");
        return file[(8 + header + offsets[0].GetInt32())..(8 + header + offsets[1].GetInt32())];
    }
}
