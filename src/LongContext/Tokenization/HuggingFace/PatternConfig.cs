using LongContext.Loading;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads <c>{"String": …}</c> or <c>{"Regex": …}</c>.</summary>
internal static class PatternConfig
{
    /// <summary>The pattern of a component.</summary>
    internal static IPattern Read(JsonConfig component)
    {
        JsonConfig pattern = component.GetObject("pattern") ?? throw new ModelFormatException(component.File, "pattern", "the key is missing.");
        return pattern.GetString("String") is { } text ? new LiteralPattern(RequireText(pattern, text)) : PatternReader.Read(pattern.RequireString("Regex"));
    }

    /// <summary>The fixed text that a component looks for.</summary>
    internal static string ReadLiteral(JsonConfig component)
    {
        JsonConfig pattern = component.GetObject("pattern") ?? throw new ModelFormatException(component.File, "pattern", "the key is missing.");
        return pattern.GetString("String") is { } text
            ? RequireText(pattern, text)
            : throw new UnsupportedModelException($"{component.File}: a regex in a decoder", "fixed texts");
    }

    private static string RequireText(JsonConfig pattern, string text) =>
        text.Length > 0 ? text : throw new ModelFormatException(pattern.File, "String", "an empty pattern matches everywhere.");
}
