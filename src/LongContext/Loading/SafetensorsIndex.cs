using System.Text.Json;
using System.Text.Unicode;

namespace LongContext.Loading;

/// <summary>Reads model.safetensors.index.json: which file of a sharded model holds which tensor.</summary>
internal sealed unsafe class SafetensorsIndex
{
    /// <summary>The file's name in a model folder.</summary>
    internal const string FileName = "model.safetensors.index.json";

    private const int MaxBytes = 64 << 20;
    private const int MaxDepth = 8;
    private const string Extension = ".safetensors";
    private const string Map = "weight_map";

    private readonly MappedFile _file;
    private readonly MetadataBudget _budget;
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    private SafetensorsIndex(MappedFile file)
    {
        _file = file;
        _budget = new MetadataBudget(file.Path);
    }

    /// <summary>Tensor names and the plain file names that hold them.</summary>
    /// <exception cref="ModelFormatException">The file is malformed, or names a file that is not a plain .safetensors name.</exception>
    internal static Dictionary<string, string> Read(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return file.Length <= MaxBytes
            ? new SafetensorsIndex(file).Read(new ReadOnlySpan<byte>(file.Pointer, (int)file.Length))
            : throw new ModelFormatException(path, "", $"the file has {file.Length} bytes; at most {MaxBytes} are allowed.");
    }

    private Dictionary<string, string> Read(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            throw Malformed("", "it is not valid UTF-8.", 0);
        }

        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            return ReadRoot(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: an escaped lone surrogate
        {
            throw new ModelFormatException(_file.Path, "", $"it is not valid JSON: {e.Message}", reader.BytesConsumed, e);
        }
    }

    private Dictionary<string, string> ReadRoot(ref Utf8JsonReader reader)
    {
        Dictionary<string, string>? map = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed("", "an object is needed.", 0);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals(Map))
            {
                reader.Skip();
                continue;
            }

            map = map is null ? ReadMap(ref reader) : throw Malformed(Map, "the key occurs twice.", reader.TokenStartIndex);
        }

        reader.Read(); // throws on anything but white space behind the object
        return map ?? throw Malformed(Map, "the key is missing.", -1);
    }

    private Dictionary<string, string> ReadMap(ref Utf8JsonReader reader)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed(Map, "an object is needed.", reader.TokenStartIndex);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long at = reader.TokenStartIndex;
            _budget.Charge(1, MetadataBudget.NameEntry + (2 * reader.ValueSpan.Length), Map, at);
            string tensor = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Malformed(tensor, "a file name is needed.", reader.TokenStartIndex);
            }

            if (!map.TryAdd(tensor, FileNameOf(ref reader, tensor)))
            {
                throw Malformed(tensor, "the tensor occurs twice.", at);
            }
        }

        return map;
    }

    private string FileNameOf(ref Utf8JsonReader reader, string tensor)
    {
        long at = reader.TokenStartIndex;
        if (reader.ValueSpan.Length > 1_024)
        {
            throw Malformed(tensor, "the file name is too long.", at);
        }

        string name = reader.GetString()!;
        if (_files.TryGetValue(name, out string? known))
        {
            return known;
        }

        bool plain = name.EndsWith(Extension, StringComparison.Ordinal)
            && !name.StartsWith("..", StringComparison.Ordinal)
            && !name.AsSpan().ContainsAny("/\\:\0")
            && !name.Any(char.IsControl);
        if (!plain)
        {
            throw Malformed(tensor, $"'{Shown(name)}' is not the plain name of a {Extension} file in the model's folder.", at);
        }

        _budget.Charge(1, MetadataBudget.NameEntry + (2 * name.Length), Map, at);
        _files.Add(name, name);
        return name;
    }

    private static string Shown(string name) => string.Concat(name.Take(200).Select(c => char.IsControl(c) ? '?' : c));

    private ModelFormatException Malformed(string field, string reason, long at) => new(_file.Path, field, reason, at);
}
