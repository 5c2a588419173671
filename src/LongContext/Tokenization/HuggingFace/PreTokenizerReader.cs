using LongContext.Loading;
using LongContext.Tokenization.Patterns;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads tokenizer.json's pre-tokenizer.</summary>
internal static class PreTokenizerReader
{
    /// <summary>
    /// Decimal digits. Hugging Face's two implementations differ: the Rust one also takes Roman numerals and fractions, the JavaScript one,
    /// which our reference ids are from, takes ASCII digits only.
    /// </summary>
    private const string Digit = @"\p{Nd}";

    private const string Supported = "ByteLevel, Split, Digits, Metaspace, Whitespace, WhitespaceSplit, Punctuation, Sequence";

    /// <summary>The pre-tokenizer, or null if there is none.</summary>
    internal static IPreTokenizer? Read(JsonConfig tokenizer)
    {
        IPreTokenizer[] steps = [.. ComponentList.Read(tokenizer, "pre_tokenizer", "pretokenizers").Select(ReadStep)];
        return steps.Length switch
        {
            0 => null,
            1 => steps[0],
            _ => new SequencePreTokenizer(steps),
        };
    }

    private static IPreTokenizer ReadStep(JsonConfig step) => step.RequireString("type") switch
    {
        "ByteLevel" => new ByteLevelPreTokenizer(
            step.GetBoolean("add_prefix_space") ?? true ? SpacePrefix.Always : SpacePrefix.Never,
            step.GetBoolean("use_regex") ?? true ? Isolate(PublishedPatterns.Gpt2) : null),
        "Split" => new SplitPreTokenizer(
            PatternConfig.Read(step), Behavior(step) ?? throw Missing(step), step.GetBoolean("invert") ?? false ? SplitTarget.Gaps : SplitTarget.Matches),
        "Digits" => Isolate(step.GetBoolean("individual_digits") ?? false ? Digit : Digit + "+"),
        "Metaspace" => ReadMetaspace(step),
        "Whitespace" => new SplitPreTokenizer(WordsAndOthers(), SplitBehavior.Removed, SplitTarget.Gaps),
        "WhitespaceSplit" => new SplitPreTokenizer(PatternReader.Read(@"\s+"), SplitBehavior.Removed),
        "Punctuation" => new SplitPreTokenizer(PatternReader.Read(PublishedPatterns.Punctuation), Behavior(step) ?? SplitBehavior.Isolated),
        _ => throw ComponentList.Unsupported(step, "pre-tokenizer", Supported),
    };

    private static SplitPreTokenizer Isolate(string regex) => new(PatternReader.Read(regex), SplitBehavior.Isolated);

    private static AlternationPattern WordsAndOthers() => new(
    [
        new ClassSequence(null, [], WordCharacters.Class, 1, int.MaxValue, null),
        new ClassSequence(null, [], WordCharacters.NeitherWordNorSpace, 1, int.MaxValue, null),
    ]);

    private static MetaspacePreTokenizer ReadMetaspace(JsonConfig step)
    {
        string replacement = step.GetString("replacement") ?? "\u2581";
        if (replacement.Length != 1)
        {
            throw new ModelFormatException(step.File, "replacement", $"expected one character, found '{replacement}'.");
        }

        SpacePrefix prefix = step.GetString("prepend_scheme") switch
        {
            "always" => SpacePrefix.Always,
            "first" => SpacePrefix.First,
            "never" => SpacePrefix.Never,
            null => step.GetBoolean("add_prefix_space") ?? true ? SpacePrefix.Always : SpacePrefix.Never,
            string other => throw new ModelFormatException(step.File, "prepend_scheme", $"expected always, first or never, found '{other}'."),
        };
        return new(replacement, prefix, step.GetBoolean("split") ?? true ? MetaspaceSplit.BeforeEachSpace : MetaspaceSplit.None);
    }

    private static SplitBehavior? Behavior(JsonConfig step) => step.GetString("behavior") switch
    {
        null => null,
        "Isolated" => SplitBehavior.Isolated,
        "Removed" => SplitBehavior.Removed,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        string other => throw new ModelFormatException(step.File, "behavior", $"'{other}' is none of the split behaviors."),
    };

    private static ModelFormatException Missing(JsonConfig step) => new(step.File, "behavior", "the key is missing.");
}
