using LongContext.Loading;
using LongContext.Tokenization.Normalizers;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads tokenizer.json's normalizer.</summary>
internal static class NormalizerReader
{
    private const int MaxContent = 64;
    private const string Supported = "NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace, Strip, Sequence";

    /// <summary>The normalizer, or null if there is none.</summary>
    internal static INormalizer? Read(JsonConfig tokenizer)
    {
        INormalizer[] steps = [.. ComponentList.Read(tokenizer, "normalizer", "normalizers").Select(ReadStep)];
        return steps.Length switch
        {
            0 => null,
            1 => steps[0],
            _ => new SequenceNormalizer(steps),
        };
    }

    private static INormalizer ReadStep(JsonConfig step) => step.RequireString("type") switch
    {
        "NFC" => new UnicodeNormalizer(UnicodeForm.Nfc),
        "NFD" => new UnicodeNormalizer(UnicodeForm.Nfd),
        "NFKC" => new UnicodeNormalizer(UnicodeForm.Nfkc),
        "NFKD" => new UnicodeNormalizer(UnicodeForm.Nfkd),
        "Lowercase" => new LowercaseNormalizer(),
        "Prepend" => new PrependNormalizer(Content(step, "prepend")),
        "Replace" => new ReplaceNormalizer(PatternConfig.Read(step), Content(step, "content")),
        "Strip" => new StripNormalizer(step.GetBoolean("strip_left") ?? true, step.GetBoolean("strip_right") ?? true),
        _ => throw ComponentList.Unsupported(step, "normalizer", Supported),
    };

    private static string Content(JsonConfig step, string key)
    {
        string content = step.RequireString(key);
        return content.Length <= MaxContent
            ? content
            : throw new ModelFormatException(step.File, key, $"{content.Length} UTF-16 units to insert; the limit is {MaxContent}.");
    }
}
