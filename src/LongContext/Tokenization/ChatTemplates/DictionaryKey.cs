namespace LongContext.Tokenization.ChatTemplates;

/// <summary>A dictionary's key: a text, a number, a truth value or none. 1, 1.0 and true are one key.</summary>
/// <param name="Value">The key.</param>
internal readonly record struct DictionaryKey(object? Value)
{
    /// <summary>A value as a key.</summary>
    internal static DictionaryKey Of(RenderContext context, object? value)
    {
        context.Search(value is string text ? text.Length : 0);
        return value is null or string or bool or long or double
            ? new DictionaryKey(value)
            : throw context.Fail($"A dictionary's key cannot be {TypeNames.Of(value)}.");
    }

    /// <inheritdoc/>
    public bool Equals(DictionaryKey other) => Value is string text
        ? other.Value is string otherText && text == otherText
        : other.Value is not string && Normal(Value).Equals(Normal(other.Value));

    /// <inheritdoc/>
    public override int GetHashCode() => Value is string text ? text.GetHashCode(StringComparison.Ordinal) : HashCode.Combine(Normal(Value));

    private static (bool IsNumber, double Double, long Long) Normal(object? value) => value switch
    {
        bool b => (true, 0, b ? 1 : 0),
        long l => (true, 0, l),
        double d when Math.Floor(d) == d && Math.Abs(d) < 1L << 62 => (true, 0, (long)d),
        double d => (true, d, 0),
        _ => (false, 0, 0),
    };
}
