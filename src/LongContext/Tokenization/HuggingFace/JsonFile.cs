using System.Text.Json;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Opens a JSON file of a tokenizer; whatever is wrong with it is a <see cref="ModelFormatException"/>.</summary>
internal static class JsonFile
{
    private const long MaxLength = 256L << 20;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Parses the file and hands its root, an object, to <paramref name="read"/>.</summary>
    internal static T Read<T>(string path, Func<JsonElement, T> read)
    {
        byte[] bytes = ReadBytes(path);
        try
        {
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
        try
        {
            long length = new FileInfo(path).Length;
            return length <= MaxLength
                ? File.ReadAllBytes(path)
                : throw new ModelFormatException(path, "", $"the file has {length} bytes; the limit is {MaxLength}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "", $"the file cannot be read: {e.Message}", innerException: e);
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
