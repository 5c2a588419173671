using System.Text.Json;

namespace LongContext.Loading;

/// <summary>A JSON object of a Hugging Face folder with typed access.</summary>
/// <remarks>A key that is absent or null is null; one of another type is a <see cref="ModelFormatException"/>.</remarks>
internal sealed class JsonConfig(string file, JsonElement root)
{
    /// <summary>The file, for messages.</summary>
    internal string File { get; } = file;

    /// <summary>The object itself.</summary>
    internal JsonElement Root { get; } = root;

    internal bool Contains(string key) => Find(key) is not null;

    internal string? GetString(string key) => Find(key) is { } e
        ? e.ValueKind == JsonValueKind.String ? e.GetString() : throw WrongType(key, e, "a string")
        : null;

    internal long? GetInteger(string key) => Find(key) is { } e
        ? e.ValueKind == JsonValueKind.Number && e.TryGetInt64(out long value) ? value : throw WrongType(key, e, "an integer below 2^63")
        : null;

    internal double? GetNumber(string key) => Find(key) is { } e
        ? e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out double value) ? value : throw WrongType(key, e, "a number")
        : null;

    internal bool? GetBoolean(string key) => Find(key) is { } e
        ? e.ValueKind is JsonValueKind.True or JsonValueKind.False ? e.GetBoolean() : throw WrongType(key, e, "a boolean")
        : null;

    /// <summary>An array of numbers.</summary>
    internal double[]? GetNumbers(string key) => Find(key) is { } e
        ? e.ValueKind == JsonValueKind.Array && e.EnumerateArray().All(x => x.ValueKind == JsonValueKind.Number)
            ? [.. e.EnumerateArray().Select(x => x.GetDouble())]
            : throw WrongType(key, e, "an array of numbers")
        : null;

    /// <summary>An array of strings.</summary>
    internal string[]? GetStrings(string key) => Find(key) is { } e
        ? e.ValueKind == JsonValueKind.Array && e.EnumerateArray().All(x => x.ValueKind == JsonValueKind.String)
            ? [.. e.EnumerateArray().Select(x => x.GetString()!)]
            : throw WrongType(key, e, "an array of strings")
        : null;

    /// <summary>One integer or an array of integers (eos_token_id).</summary>
    internal long[]? GetIntegers(string key) => Find(key) is { } e
        ? e.ValueKind switch
        {
            JsonValueKind.Number when e.TryGetInt64(out long one) => [one],
            JsonValueKind.Array when e.EnumerateArray().All(x => x.ValueKind == JsonValueKind.Number && x.TryGetInt64(out _)) =>
                [.. e.EnumerateArray().Select(x => x.GetInt64())],
            _ => throw WrongType(key, e, "an integer or an array of integers"),
        }
        : null;

    /// <summary>A nested object.</summary>
    internal JsonConfig? GetObject(string key) => Find(key) is { } e
        ? e.ValueKind == JsonValueKind.Object ? new JsonConfig($"{File}/{key}", e) : throw WrongType(key, e, "an object")
        : null;

    internal string RequireString(string key) => GetString(key) ?? throw Missing(key);

    internal long RequireInteger(string key) => GetInteger(key) ?? throw Missing(key);

    internal double RequireNumber(string key) => GetNumber(key) ?? throw Missing(key);

    private JsonElement? Find(string key) =>
        Root.TryGetProperty(key, out JsonElement e) && e.ValueKind != JsonValueKind.Null ? e : null;

    private ModelFormatException Missing(string key) => new(File, key, "the key is missing.");

    private ModelFormatException WrongType(string key, JsonElement found, string expected) =>
        new(File, key, $"expected {expected}, found {found.ValueKind}.");
}
