using System.Buffers.Binary;
using System.Text;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Formats;

/// <summary>Writes safetensors files as the reference implementation in Python does: header padded to 8 bytes, data in the order added.</summary>
internal sealed class SafetensorsWriter
{
    private readonly OrderedDictionary<string, object?> _header = [];
    private readonly List<Action<Stream>> _data = [];
    private long _offset;

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">"F32", "BF16", ...</param>
    /// <param name="dimensions">Outermost first.</param>
    /// <param name="byteCount">Of its data.</param>
    /// <param name="write">Writes exactly its bytes.</param>
    internal SafetensorsWriter Tensor(string name, string type, IReadOnlyList<long> dimensions, long byteCount, Action<Stream> write)
    {
        _header.Add(name, new OrderedDictionary<string, object?>
        {
            ["dtype"] = type,
            ["shape"] = dimensions.Cast<object>().ToArray(),
            ["data_offsets"] = new object[] { _offset, _offset + byteCount },
        });
        _data.Add(write);
        _offset += byteCount;
        return this;
    }

    /// <summary>Adds a tensor given as bytes.</summary>
    internal SafetensorsWriter Tensor(string name, string type, IReadOnlyList<long> dimensions, byte[] data) =>
        Tensor(name, type, dimensions, data.Length, stream => stream.Write(data));

    /// <summary>Adds a tensor of float values, rounded to <paramref name="type"/>.</summary>
    internal SafetensorsWriter Tensor(string name, DType type, IReadOnlyList<long> dimensions, ReadOnlySpan<float> values) =>
        Tensor(name, type.ToString(), dimensions, Quantizer.Encode(values, type));

    /// <summary>Writes the file.</summary>
    internal void Write(Stream stream)
    {
        byte[] json = Encoding.UTF8.GetBytes(PythonJson.Dump(_header));
        int padding = (8 - (json.Length % 8)) % 8;
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length + padding);
        stream.Write(length);
        stream.Write(json);
        stream.Write("        "u8[..padding]);
        foreach (Action<Stream> write in _data)
        {
            write(stream);
        }
    }

    /// <summary>Writes the file to <paramref name="path"/>.</summary>
    internal void Write(string path)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        Write(stream);
    }

    /// <summary>The file as bytes.</summary>
    internal byte[] ToArray()
    {
        using MemoryStream stream = new();
        Write(stream);
        return stream.ToArray();
    }
}
