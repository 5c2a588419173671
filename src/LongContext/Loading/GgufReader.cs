using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>Reads the header of one GGUF file, version 2 or 3: keys and tensor table. Touches no tensor data.</summary>
/// <remarks>Every length is checked against the file before anything of that length is allocated.</remarks>
internal sealed class GgufReader
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const string AlignmentKey = "general.alignment";
    private const int MinimumKeyBytes = 8 + 1 + 4 + 1; // name, type and value
    private const int MinimumTensorBytes = 8 + 1 + 4 + 8 + 4 + 8; // name, rank, one dimension, type, offset
    private const int MaxKeyBytes = 65_535; // as the format's description says
    private const int MaxTensorNameBytes = 4_096; // GGML's own limit is 64
    private const long MaxAlignment = 1L << 20;

    private readonly MappedFile _file;
    private readonly GgufCursor _cursor;
    private long _alignment = 32;

    private GgufReader(MappedFile file)
    {
        _file = file;
        _cursor = new GgufCursor(file, new MetadataBudget(file.Path));
    }

    /// <summary>Reads and checks <paramref name="file"/>.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format.</exception>
    /// <exception cref="UnsupportedModelException">A tensor has an element type this library does not compute with.</exception>
    internal static GgufContents Read(MappedFile file) => new GgufReader(file).Read();

    private GgufContents Read()
    {
        ReadMagicAndVersion();
        _cursor.Field = "tensor count";
        int tensorCount = _cursor.ReadCount("tensors", MinimumTensorBytes, MetadataBudget.TensorEntry);
        _cursor.Field = "key count";
        int keyCount = _cursor.ReadCount("keys", MinimumKeyBytes, 64);

        GgufMetadata metadata = new(_file.Path, ReadKeys(keyCount));
        List<GgufTensorEntry> entries = ReadTensorTable(tensorCount);
        long dataStart = TensorSize.AlignUp(_cursor.Position, _alignment) ?? long.MaxValue;
        return new GgufContents(metadata, Place(entries, dataStart));
    }

    private void ReadMagicAndVersion()
    {
        _cursor.Field = "magic";
        if (_cursor.ReadUInt32() != Magic)
        {
            throw _cursor.Malformed("the file does not start with \"GGUF\".", 0);
        }

        _cursor.Field = "version";
        uint version = _cursor.ReadUInt32();
        if (version is not (2 or 3))
        {
            throw _cursor.Malformed(
                version != 0 && (version & 0xFFFF) == 0
                    ? "the file is big-endian; only little-endian files are supported."
                    : $"version {version} is not supported; versions 2 and 3 are.",
                4);
        }
    }

    private Dictionary<string, object> ReadKeys(int count)
    {
        Dictionary<string, object> values = new(count, StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            _cursor.Field = $"key {i}";
            long at = _cursor.Position;
            string key = _cursor.ReadString(MaxKeyBytes);
            if (key.Length == 0)
            {
                throw _cursor.Malformed("the key's name is empty.", at);
            }

            _cursor.Field = key;
            long typeAt = _cursor.Position;
            GgufValueType type = (GgufValueType)_cursor.ReadUInt32();
            object value = GgufValueReader.Read(_cursor, type, typeAt);
            if (!values.TryAdd(key, value))
            {
                throw _cursor.Malformed("the key occurs twice.", at);
            }

            if (key == AlignmentKey)
            {
                SetAlignment(type, value, typeAt);
            }
        }

        return values;
    }

    private void SetAlignment(GgufValueType type, object value, long at)
    {
        if (type != GgufValueType.UInt32)
        {
            throw _cursor.Malformed($"the alignment is of type {type}; it must be UInt32.", at);
        }

        _alignment = (long)value;
        if (_alignment is < 1 or > MaxAlignment || !long.IsPow2(_alignment))
        {
            throw _cursor.Malformed($"the alignment is {_alignment}; it must be a power of two up to {MaxAlignment}.", at);
        }
    }

    private List<GgufTensorEntry> ReadTensorTable(int count)
    {
        List<GgufTensorEntry> entries = new(count);
        HashSet<string> names = new(count, StringComparer.Ordinal);
        Span<ulong> dimensions = stackalloc ulong[4];
        for (int i = 0; i < count; i++)
        {
            _cursor.Field = $"tensor {i}";
            long at = _cursor.Position;
            string name = _cursor.ReadString(MaxTensorNameBytes);
            if (name.Length == 0)
            {
                throw _cursor.Malformed("the tensor's name is empty.", at);
            }

            _cursor.Field = name;
            if (!names.Add(name))
            {
                throw _cursor.Malformed("the tensor occurs twice.", at);
            }

            uint rank = _cursor.ReadUInt32();
            if (rank is < 1 or > 4)
            {
                throw _cursor.Malformed($"the tensor has {rank} dimensions; 1 to 4 are allowed.", _cursor.Position - 4);
            }

            for (int d = 0; d < (int)rank; d++)
            {
                dimensions[d] = _cursor.ReadUInt64();
            }

            long typeAt = _cursor.Position;
            DType type = GgufTensorTypes.Read(_cursor.ReadUInt32(), _file.Path, name, typeAt);
            WeightInfo info = Describe(name, type, dimensions[..(int)rank], at);
            long offsetAt = _cursor.Position;
            entries.Add(new GgufTensorEntry(info, _cursor.ReadUInt64(), offsetAt));
        }

        return entries;
    }

    private WeightInfo Describe(string name, DType type, ReadOnlySpan<ulong> dimensions, long at)
    {
        BlockFormat format = BlockFormat.Of(type);
        if (dimensions.Contains(0UL))
        {
            throw _cursor.Malformed("a dimension is 0.", at);
        }

        if (dimensions[0] % (uint)format.ElementsPerBlock != 0)
        {
            throw _cursor.Malformed($"a row of {dimensions[0]} {type} elements is not whole blocks of {format.ElementsPerBlock}.", at);
        }

        long byteCount = TensorSize.ByteCount(format, dimensions)
            ?? throw _cursor.Malformed($"the product of the dimensions {string.Join(" x ", dimensions.ToArray())} is above 2^63 - 1.", at);
        long[] outermostFirst = new long[dimensions.Length];
        for (int d = 0; d < dimensions.Length; d++)
        {
            outermostFirst[^(d + 1)] = (long)dimensions[d];
        }

        return new WeightInfo(name, type, outermostFirst, byteCount);
    }

    private List<MappedTensor> Place(List<GgufTensorEntry> entries, long dataStart)
    {
        List<MappedTensor> tensors = new(entries.Count);
        foreach ((WeightInfo info, ulong offset, long at) in entries)
        {
            _cursor.Field = info.Name;
            if (offset % (ulong)_alignment != 0)
            {
                throw _cursor.Malformed($"the offset {offset} is not a multiple of the alignment, {_alignment}.", at);
            }

            if (!TensorSize.Fits(dataStart, offset, info.ByteCount, _file.Length))
            {
                throw _cursor.Malformed(
                    $"{info.ByteCount} bytes at {offset} of the data, which starts at byte {dataStart}, end beyond the file's {_file.Length} bytes.",
                    at);
            }

            tensors.Add(new MappedTensor(info, _file, dataStart + (long)offset));
        }

        TensorOverlap.Refuse(tensors);
        return tensors;
    }
}
