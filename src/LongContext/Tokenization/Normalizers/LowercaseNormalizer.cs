namespace LongContext.Tokenization.Normalizers;

/// <summary>Lower case, character by character, by Unicode's full mapping without context.</summary>
internal sealed class LowercaseNormalizer : INormalizer
{
    private const string DottedCapitalI = "\u0130"; // the only character whose full lower-case mapping has two code points
    private const string DottedSmallI = "i\u0307";

    /// <inheritdoc/>
    public string Normalize(string text) =>
        text.Replace(DottedCapitalI, DottedSmallI, StringComparison.Ordinal).ToLowerInvariant();
}
