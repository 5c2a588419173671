using System.Globalization;

namespace LongContext.Tokenization;

/// <summary>The names of byte tokens: <c>&lt;0x0A&gt;</c>.</summary>
internal static class ByteTokens
{
    /// <summary>The name of a byte's token.</summary>
    internal static string TextOf(byte value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");

    /// <summary>The byte that a token of this name stands for, or −1.</summary>
    internal static int ValueOf(ReadOnlySpan<char> text) =>
        text.Length == 6 && text.StartsWith("<0x") && text[5] == '>'
        && byte.TryParse(text[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : -1;
}
