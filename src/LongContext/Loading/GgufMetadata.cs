using System.Globalization;

namespace LongContext.Loading;

/// <summary>The key-value part of a GGUF file. Knows the types of values, not their meaning.</summary>
/// <remarks>
/// Values are stored as <see cref="long"/> (all integer types; u64 above 2⁶³−1 is refused by the reader), <see cref="double"/>, <see cref="bool"/>,
/// <see cref="string"/>, and arrays of those: <c>long[]</c>, <c>double[]</c>, <c>bool[]</c>, <c>string[]</c>.
/// A missing key is null; a key of another type than asked for is a <see cref="ModelFormatException"/>.
/// </remarks>
internal sealed class GgufMetadata(string file, IReadOnlyDictionary<string, object> values)
{
    /// <summary>The file, for messages.</summary>
    internal string File { get; } = file;

    /// <summary>All keys.</summary>
    internal IEnumerable<string> Keys => values.Keys;

    internal bool Contains(string key) => values.ContainsKey(key);

    internal string? GetString(string key) => Get<string>(key);

    internal long? GetInteger(string key) => values.TryGetValue(key, out object? value)
        ? value is long integer ? integer : throw WrongType(key, value, "an integer")
        : null;

    /// <summary>A float, or an integer read as one.</summary>
    internal double? GetNumber(string key) => values.TryGetValue(key, out object? value)
        ? value switch { double number => number, long integer => integer, _ => throw WrongType(key, value, "a number") }
        : null;

    internal bool? GetBoolean(string key) => values.TryGetValue(key, out object? value)
        ? value is bool boolean ? boolean : throw WrongType(key, value, "a boolean")
        : null;

    internal string[]? GetStrings(string key) => Get<string[]>(key);

    internal long[]? GetIntegers(string key) => Get<long[]>(key);

    internal double[]? GetNumbers(string key) => Get<double[]>(key);

    internal bool[]? GetBooleans(string key) => Get<bool[]>(key);

    /// <summary>The value, whatever its type (an integer that may also be an array per layer).</summary>
    internal object? GetValue(string key) => values.GetValueOrDefault(key);

    internal string RequireString(string key) => GetString(key) ?? throw Missing(key);

    internal long RequireInteger(string key) => GetInteger(key) ?? throw Missing(key);

    internal double RequireNumber(string key) => GetNumber(key) ?? throw Missing(key);

    internal string[] RequireStrings(string key) => GetStrings(key) ?? throw Missing(key);

    private T? Get<T>(string key)
        where T : class
    {
        return values.TryGetValue(key, out object? value)
            ? value as T ?? throw WrongType(key, value, typeof(T).IsArray ? $"an array of {typeof(T).GetElementType()!.Name}" : typeof(T).Name)
            : null;
    }

    private ModelFormatException Missing(string key) => new(File, key, "the key is missing.");

    private ModelFormatException WrongType(string key, object value, string expected) =>
        new(File, key, string.Create(CultureInfo.InvariantCulture, $"expected {expected}, found {value.GetType().Name}."));
}
