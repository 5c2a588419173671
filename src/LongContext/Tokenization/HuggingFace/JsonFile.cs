using System.Text.Json;
using LongContext.Loading;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Opens a JSON file of a tokenizer; whatever is wrong with it is a <see cref="ModelFormatException"/>.</summary>
internal static unsafe class JsonFile
{
    private const long MaxLength = 256L << 20;
    private const int MaxTokens = 1 << 22; // a document's table takes 12 bytes of each; the largest published file has 2.7 million

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Parses the file and hands its root, an object, to <paramref name="read"/>.</summary>
    internal static T Read<T>(string path, Func<JsonElement, T> read)
    {
        byte[] bytes = ReadBytes(path);
        try
        {
            CheckTokens(path, WithoutMark(bytes).Span);
            using JsonDocument document = JsonDocument.Parse(WithoutMark(bytes), Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw new ModelFormatException(path, "", $"expected an object, found {document.RootElement.ValueKind}.");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(path, "", $"not valid JSON: {e.Message}", OffsetOf(bytes, e), e);
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException(path, "", $"a text is not valid UTF-8 or UTF-16: {e.Message}", innerException: e);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        using MappedFile file = MappedFile.Open(path); // not a pipe or a device, whose end may never come
        return file.Length <= MaxLength
            ? new ReadOnlySpan<byte>(file.Pointer, (int)file.Length).ToArray()
            : throw new ModelFormatException(path, "", $"the file has {file.Length} bytes; the limit is {MaxLength}.");
    }

    private static void CheckTokens(string path, ReadOnlySpan<byte> json)
    {
        if (json.Length <= MaxTokens)
        {
            return; // a byte each at least
        }

        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = Options.MaxDepth });
        for (int tokens = 0; reader.Read(); tokens++)
        {
            if (tokens == MaxTokens)
            {
                throw new ModelFormatException(path, "", $"it has more than {MaxTokens} values and keys.", reader.TokenStartIndex);
            }
        }
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] bytes) =>
        bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;

    private static long OffsetOf(byte[] bytes, JsonException e)
    {
        long offset = 0;
        for (long line = e.LineNumber ?? 0; line > 0; line--)
        {
            int end = bytes.AsSpan((int)offset).IndexOf((byte)'\n');
            if (end < 0)
            {
                return -1;
            }

            offset += end + 1;
        }

        return offset + (e.BytePositionInLine ?? 0);
    }
}
