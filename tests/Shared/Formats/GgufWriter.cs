using System.Text;
using LongContext.Loading;
using LongContext.Tensors;

namespace LongContext.Tests.Shared.Formats;

/// <summary>Writes GGUF version 3 files. Independent of the reader, except for the names of types.</summary>
internal sealed class GgufWriter(int alignment = 32)
{
    private static readonly Dictionary<DType, uint> TypeNumbers = new()
    {
        [DType.F32] = 0, [DType.F16] = 1, [DType.Q4_0] = 2, [DType.Q4_1] = 3, [DType.Q5_0] = 6, [DType.Q5_1] = 7, [DType.Q8_0] = 8,
        [DType.Q4_K] = 12, [DType.Q5_K] = 13, [DType.Q6_K] = 14, [DType.BF16] = 30,
    };

    private readonly List<byte[]> _keys = [];
    private readonly List<byte[]> _infos = [];
    private readonly List<(long ByteCount, Action<Stream> Write)> _data = [];
    private long _offset;

    internal GgufWriter UInt32(string key, long value) => Key(key, GgufValueType.UInt32, w => w.Write(checked((uint)value)));

    internal GgufWriter UInt16(string key, int value) => Key(key, GgufValueType.UInt16, w => w.Write(checked((ushort)value)));

    internal GgufWriter Int32(string key, int value) => Key(key, GgufValueType.Int32, w => w.Write(value));

    internal GgufWriter UInt64(string key, ulong value) => Key(key, GgufValueType.UInt64, w => w.Write(value));

    internal GgufWriter Int64(string key, long value) => Key(key, GgufValueType.Int64, w => w.Write(value));

    internal GgufWriter Float32(string key, double value) => Key(key, GgufValueType.Float32, w => w.Write((float)value));

    internal GgufWriter Float64(string key, double value) => Key(key, GgufValueType.Float64, w => w.Write(value));

    internal GgufWriter Boolean(string key, bool value) => Key(key, GgufValueType.Boolean, w => w.Write(value));

    internal GgufWriter String(string key, string value) => Key(key, GgufValueType.String, w => WriteString(w, value));

    internal GgufWriter Strings(string key, IReadOnlyCollection<string> values) => Array(key, GgufValueType.String, values, WriteString);

    internal GgufWriter Int32s(string key, IReadOnlyCollection<int> values) => Array(key, GgufValueType.Int32, values, (w, v) => w.Write(v));

    internal GgufWriter UInt8s(string key, IReadOnlyCollection<byte> values) => Array(key, GgufValueType.UInt8, values, (w, v) => w.Write(v));

    internal GgufWriter Booleans(string key, IReadOnlyCollection<bool> values) => Array(key, GgufValueType.Boolean, values, (w, v) => w.Write(v));

    internal GgufWriter Float32s(string key, IReadOnlyCollection<float> values) => Array(key, GgufValueType.Float32, values, (w, v) => w.Write(v));

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Element type.</param>
    /// <param name="dimensions">Outermost first.</param>
    /// <param name="write">Writes exactly its bytes.</param>
    internal GgufWriter Tensor(string name, DType type, IReadOnlyList<long> dimensions, Action<Stream> write)
    {
        _infos.Add(Bytes(writer =>
        {
            WriteString(writer, name);
            writer.Write((uint)dimensions.Count);
            foreach (long dimension in dimensions.Reverse())
            {
                writer.Write((ulong)dimension);
            }

            writer.Write(TypeNumbers[type]);
            writer.Write((ulong)_offset);
        }));
        long byteCount = BlockFormat.Of(type).ByteCount(dimensions.Aggregate(1L, (a, b) => a * b));
        _data.Add((byteCount, write));
        _offset += byteCount + PaddingOf(byteCount);
        return this;
    }

    /// <summary>Adds a tensor given as bytes.</summary>
    internal GgufWriter Tensor(string name, DType type, IReadOnlyList<long> dimensions, byte[] data) =>
        Tensor(name, type, dimensions, stream => stream.Write(data));

    /// <summary>Adds a tensor of float values, rounded to <paramref name="type"/>.</summary>
    internal GgufWriter Tensor(string name, DType type, IReadOnlyList<long> dimensions, ReadOnlySpan<float> values) =>
        Tensor(name, type, dimensions, Quantizer.Encode(values, type));

    /// <summary>Writes the file.</summary>
    internal void Write(Stream stream)
    {
        using (BinaryWriter writer = new(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write("GGUF"u8);
            writer.Write(3u);
            writer.Write((ulong)_data.Count);
            writer.Write((ulong)_keys.Count);
        }

        long length = 24;
        foreach (byte[] bytes in _keys.Concat(_infos))
        {
            stream.Write(bytes);
            length += bytes.Length;
        }

        stream.Write(new byte[PaddingOf(length)]);
        foreach ((long byteCount, Action<Stream> write) in _data)
        {
            write(stream);
            stream.Write(new byte[PaddingOf(byteCount)]);
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

    private static void WriteString(BinaryWriter writer, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private GgufWriter Array<T>(string key, GgufValueType type, IReadOnlyCollection<T> values, Action<BinaryWriter, T> write)
    {
        return Key(key, GgufValueType.Array, writer =>
        {
            writer.Write((uint)type);
            writer.Write((ulong)values.Count);
            foreach (T value in values)
            {
                write(writer, value);
            }
        });
    }

    private GgufWriter Key(string key, GgufValueType type, Action<BinaryWriter> write)
    {
        _keys.Add(Bytes(writer =>
        {
            WriteString(writer, key);
            writer.Write((uint)type);
            write(writer);
        }));
        return this;
    }

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private int PaddingOf(long length) => (int)((alignment - (length % alignment)) % alignment);
}
