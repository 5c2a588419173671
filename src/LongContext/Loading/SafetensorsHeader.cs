using System.Text.Json;
using System.Text.Unicode;

namespace LongContext.Loading;

/// <summary>Reads the JSON header of a safetensors file. Knows JSON and the names of fields, not what the numbers mean.</summary>
/// <remarks>Reads the mapped bytes in place, without recursion; depth is bounded by the JSON reader.</remarks>
internal sealed unsafe class SafetensorsHeader
{
    /// <summary>The header starts here: behind its length.</summary>
    internal const int Start = 8;

    private const int MaxBytes = 100_000_000; // the reference implementation's limit
    private const int MaxDepth = 8;
    private const int MaxRank = 8;

    private readonly MappedFile _file;
    private readonly MetadataBudget _budget;
    private string _field = "header";

    private SafetensorsHeader(MappedFile file)
    {
        _file = file;
        _budget = new MetadataBudget(file.Path);
    }

    /// <summary>Reads the header of <paramref name="file"/>.</summary>
    /// <returns>The tensors in the header's order, and where the data starts.</returns>
    /// <exception cref="ModelFormatException">The header is not what the format asks for.</exception>
    internal static (List<SafetensorsEntry> Entries, long DataStart) Read(MappedFile file)
    {
        if (file.Length < Start)
        {
            throw new ModelFormatException(
                file.Path, "header", $"the file has {file.Length} bytes, less than the {Start} of the header's length.", 0);
        }

        ulong length = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(file.Pointer, Start));
        if (length is 0 or > MaxBytes || length > (ulong)(file.Length - Start))
        {
            throw new ModelFormatException(
                file.Path, "header", $"its length is {length}; it must be 1 to {MaxBytes} and fit the file's {file.Length} bytes.", 0);
        }

        return (new SafetensorsHeader(file).Read(new ReadOnlySpan<byte>(file.Pointer + Start, (int)length)), Start + (long)length);
    }

    private List<SafetensorsEntry> Read(ReadOnlySpan<byte> json)
    {
        if (json[0] != (byte)'{')
        {
            throw Malformed("it must start with '{'.", 0);
        }

        if (!Utf8.IsValid(json))
        {
            throw Malformed("it is not valid UTF-8.", 0);
        }

        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            List<SafetensorsEntry> entries = ReadEntries(ref reader);
            reader.Read(); // throws on anything but white space behind the object
            return entries;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: an escaped lone surrogate
        {
            throw new ModelFormatException(
                _file.Path, _field, $"the header is not valid JSON: {e.Message}", Start + reader.BytesConsumed, e);
        }
    }

    private List<SafetensorsEntry> ReadEntries(ref Utf8JsonReader reader)
    {
        List<SafetensorsEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long at = reader.TokenStartIndex;
            _budget.Charge(1, MetadataBudget.TensorEntry + (2 * reader.ValueSpan.Length), _field, Start + at);
            string name = reader.GetString()!;
            _field = name;
            if (!names.Add(name))
            {
                throw Malformed("the name occurs twice.", at);
            }

            Expect(ref reader, JsonTokenType.StartObject, "an object");
            if (name == "__metadata__")
            {
                ReadMetadata(ref reader);
            }
            else
            {
                entries.Add(ReadEntry(ref reader, name, at));
            }
        }

        return entries;
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _budget.Charge(1, 64, _field, Start + reader.TokenStartIndex); // nothing is kept: bounds the time
            Expect(ref reader, JsonTokenType.String, "a string");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, long at)
    {
        string? type = null;
        ulong[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool first = true;
            if (reader.ValueTextEquals("dtype"u8))
            {
                first = type is null;
                Expect(ref reader, JsonTokenType.String, "a string as dtype");
                type = reader.ValueSpan.Length <= 32
                    ? reader.GetString()
                    : throw Malformed("the dtype is too long.", reader.TokenStartIndex);
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                first = shape is null;
                shape = ReadNumbers(ref reader, "shape", MaxRank);
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                first = offsets is null;
                offsets = ReadNumbers(ref reader, "data_offsets", 2);
            }
            else
            {
                throw Malformed("there are fields besides dtype, shape and data_offsets.", reader.TokenStartIndex);
            }

            if (!first)
            {
                throw Malformed("a field occurs twice.", reader.TokenStartIndex);
            }
        }

        return type is not null && shape is not null && offsets is { Length: 2 }
            ? new SafetensorsEntry(name, type, shape, offsets[0], offsets[1], Start + at)
            : throw Malformed("dtype, shape and two data_offsets are needed.", at);
    }

    private ulong[] ReadNumbers(ref Utf8JsonReader reader, string what, int atMost)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"an array as {what}");
        Span<ulong> numbers = stackalloc ulong[MaxRank];
        int count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count == atMost)
            {
                throw Malformed($"{what} has more than {atMost} numbers.", reader.TokenStartIndex);
            }

            numbers[count++] = reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out ulong value)
                ? value
                : throw Malformed($"{what} must be whole numbers from 0 to 2^64 - 1, written plainly.", reader.TokenStartIndex);
        }

        return numbers[..count].ToArray();
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType expected, string what)
    {
        reader.Read();
        if (reader.TokenType != expected)
        {
            throw Malformed($"expected {what}, found {reader.TokenType}.", reader.TokenStartIndex);
        }
    }

    private ModelFormatException Malformed(string reason, long at) => new(_file.Path, _field, reason, Start + at);
}
