using System.Text.Json;
using LongContext.Loading;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads tokenizer.json's post-processor: the ids around a single text.</summary>
internal static class PostProcessorReader
{
    private const int MaxIds = 256;
    private const string Supported = "ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing, Sequence";

    /// <summary>The ids before and behind the text.</summary>
    internal static (List<int> Prefix, List<int> Suffix) Read(JsonConfig tokenizer, int vocabularySize)
    {
        (List<int> prefix, List<int> suffix) = ([], []);
        foreach (JsonConfig step in ComponentList.Read(tokenizer, "post_processor", "processors"))
        {
            switch (step.RequireString("type"))
            {
                case "ByteLevel":
                    break; // moves offsets only
                case "TemplateProcessing":
                    ReadTemplate(step, vocabularySize, prefix, suffix);
                    break;
                case "RobertaProcessing" or "BertProcessing":
                    prefix.Insert(0, ReadPair(step, "cls", vocabularySize));
                    suffix.Add(ReadPair(step, "sep", vocabularySize));
                    break;
                default:
                    throw ComponentList.Unsupported(step, "post-processor", Supported);
            }
        }

        return (prefix, suffix);
    }

    private static void ReadTemplate(JsonConfig step, int vocabularySize, List<int> prefix, List<int> suffix)
    {
        List<int> before = [];
        bool seen = false;
        int items = 0;
        foreach (JsonConfig item in ComponentList.Children(step, "single"))
        {
            if (++items > MaxIds || before.Count + prefix.Count + suffix.Count > MaxIds)
            {
                throw TooMany(step);
            }

            if (item.GetObject("SpecialToken") is { } special)
            {
                (seen ? suffix : before).AddRange(IdsOf(step, special.RequireString("id"), vocabularySize));
            }
            else if (item.GetObject("Sequence") is { } sequence && sequence.RequireString("id") == "A" && !seen)
            {
                seen = true;
            }
            else
            {
                throw new ModelFormatException(step.File, "single", "expected special tokens around the one sequence A.");
            }
        }

        prefix.InsertRange(0, before);
        if (!seen || prefix.Count + suffix.Count > MaxIds)
        {
            throw seen ? TooMany(step) : new ModelFormatException(step.File, "single", "the sequence A is missing.");
        }
    }

    private static ModelFormatException TooMany(JsonConfig step) =>
        new(step.File, "single", $"more than {MaxIds} tokens around a text.");

    private static IEnumerable<int> IdsOf(JsonConfig step, string name, int vocabularySize)
    {
        long[] ids = step.GetObject("special_tokens")?.GetObject(name)?.GetIntegers("ids")
            ?? throw new ModelFormatException(step.File, "special_tokens", $"'{name}' is used but not described.");
        return ids.Select(id => Check(step, id, vocabularySize));
    }

    private static int ReadPair(JsonConfig step, string key, int vocabularySize) =>
        step.Root.TryGetProperty(key, out JsonElement pair) && pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
        && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt64(out long id)
            ? Check(step, id, vocabularySize)
            : throw new ModelFormatException(step.File, key, "expected a token and its id.");

    private static int Check(JsonConfig step, long id, int vocabularySize) => id >= 0 && id < vocabularySize
        ? (int)id
        : throw new ModelFormatException(step.File, "ids", $"id {id} is not in the vocabulary of {vocabularySize}.");
}
