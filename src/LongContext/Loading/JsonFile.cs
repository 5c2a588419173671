using System.Text.Json;
using System.Text.Unicode;

namespace LongContext.Loading;

/// <summary>Reads the small files of a model folder: JSON objects and plain text, bounded in size and depth.</summary>
internal static unsafe class JsonFile
{
    private const int MaxBytes = 8 << 20;
    private const int MaxTokens = 1_000_000; // a document's table takes 12 bytes of each, twice while it grows
    private const int MaxDepth = 64;

    /// <summary>Reads an object.</summary>
    /// <exception cref="ModelFormatException">The file is too large or deep, not JSON or UTF-8, has a key twice, or is no object.</exception>
    internal static JsonConfig Read(string path)
    {
        byte[] bytes = ReadBytes(path);
        CheckTokens(bytes, path);
        try
        {
            JsonElement root = JsonElement.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            return root.ValueKind == JsonValueKind.Object
                ? new JsonConfig(path, root)
                : throw new ModelFormatException(path, "", $"an object is needed, found {root.ValueKind}.", 0);
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(path, "", $"it is not valid JSON: {e.Message}", innerException: e);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="ModelFormatException">The file is too large or not UTF-8.</exception>
    internal static string ReadText(string path) => System.Text.Encoding.UTF8.GetString(ReadBytes(path));

    private static byte[] ReadBytes(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length > MaxBytes)
        {
            throw new ModelFormatException(path, "", $"the file has {file.Length} bytes; at most {MaxBytes} are allowed.");
        }

        byte[] bytes = new ReadOnlySpan<byte>(file.Pointer, (int)file.Length).ToArray();
        return Utf8.IsValid(bytes) ? bytes : throw new ModelFormatException(path, "", "it is not valid UTF-8.");
    }

    // An escaped lone surrogate is valid JSON but no text: found here, not where somebody reads the string.
    private static void CheckTokens(byte[] bytes, string path)
    {
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            for (int tokens = 0; reader.Read(); tokens++)
            {
                if (tokens == MaxTokens)
                {
                    throw new ModelFormatException(path, "", $"it has more than {MaxTokens} values and keys.", reader.TokenStartIndex);
                }

                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(path, "", $"it is not valid JSON: {e.Message}", reader.BytesConsumed, e);
        }
    }
}
