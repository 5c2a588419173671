using LongContext.Loading;
using LongContext.Tokenization.Decoders;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads tokenizer.json's decoder.</summary>
/// <remarks>Only chains that give each token its own bytes can be decoded as a stream; those are all that BPE models use.</remarks>
internal static class DecoderReader
{
    private const string Supported = "ByteLevel, Replace, ByteFallback, Fuse, Strip behind Fuse at the beginning, Metaspace, Sequence";

    /// <summary>What the decoder does. Without one, tokens are joined by spaces.</summary>
    internal static DecoderOptions Read(JsonConfig tokenizer)
    {
        IReadOnlyList<JsonConfig> steps = ComponentList.Read(tokenizer, "decoder", "decoders");
        DecoderOptions options = new() { Separator = steps.Count == 0 ? " " : "" };
        bool fused = false;
        foreach (JsonConfig step in steps)
        {
            switch (step.RequireString("type"))
            {
                case "ByteLevel" when steps.Count == 1:
                    options = options with { Text = TokenText.ByteAlphabet };
                    break;
                case "Replace":
                    options = options with { Replacements = [.. options.Replacements, ReadReplacement(step, fused)] };
                    break;
                case "ByteFallback":
                    options = options with { HasByteTokens = true };
                    break;
                case "Fuse":
                    fused = true;
                    break;
                case "Strip" when fused:
                    options = options with { LeadingSpacesDropped = checked(options.LeadingSpacesDropped + ReadStrip(step)) };
                    break;
                case "Metaspace":
                    options = options with
                    {
                        Replacements = [.. options.Replacements, (step.GetString("replacement") ?? "\u2581", " ")],
                        LeadingSpacesDropped = options.LeadingSpacesDropped + (DropsFirstSpace(step) ? 1 : 0),
                    };
                    break;
                default:
                    throw ComponentList.Unsupported(step, "decoder", Supported);
            }
        }

        return options;
    }

    private static (string From, string To) ReadReplacement(JsonConfig step, bool fused)
    {
        string from = PatternConfig.ReadLiteral(step);
        return !fused || from.EnumerateRunes().Count() == 1
            ? (from, step.RequireString("content"))
            : throw new UnsupportedModelException($"{step.File}: replacing '{from}' across tokens", "replacements of one character behind Fuse");
    }

    private static int ReadStrip(JsonConfig step)
    {
        long start = step.GetInteger("start") ?? 0;
        long stop = step.GetInteger("stop") ?? 0;
        return step.RequireString("content") == " " && stop == 0 && start is >= 0 and <= 64
            ? (int)start
            : throw new UnsupportedModelException(
                $"{step.File}: stripping '{step.GetString("content")}', {start} at the start and {stop} at the end", "spaces at the start, at most 64");
    }

    private static bool DropsFirstSpace(JsonConfig step) =>
        step.GetString("prepend_scheme") is { } scheme ? scheme != "never" : step.GetBoolean("add_prefix_space") ?? true;
}
