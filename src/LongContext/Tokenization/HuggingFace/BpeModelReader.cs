using System.Text.Json;
using LongContext.Loading;
using LongContext.Tokenization.Bpe;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Reads tokenizer.json's model: vocabulary, merges, and how unknown characters are treated.</summary>
internal static class BpeModelReader
{
    /// <summary>The vocabulary of a BPE model.</summary>
    /// <exception cref="UnsupportedModelException">The model is of another type.</exception>
    internal static Vocabulary ReadVocabulary(JsonConfig model)
    {
        string type = model.GetString("type") ?? (model.Contains("merges") ? "BPE" : "of no type");
        if (type != "BPE")
        {
            throw new UnsupportedModelException($"{model.File}: tokenizer model '{type}'", "BPE");
        }

        if (!model.Root.TryGetProperty("vocab", out JsonElement texts) || texts.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(model.File, "vocab", "expected an object of texts and ids.");
        }

        Vocabulary vocabulary = new(model.File, texts.GetPropertyCount());
        foreach (JsonProperty token in texts.EnumerateObject())
        {
            vocabulary.Add(
                token.Name,
                token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt64(out long id)
                    ? id
                    : throw new ModelFormatException(model.File, "vocab", $"the id of '{token.Name}' is not an integer."));
        }

        return vocabulary;
    }

    /// <summary>The model over its vocabulary.</summary>
    /// <param name="model">The model's part of tokenizer.json.</param>
    /// <param name="vocabulary">What <see cref="ReadVocabulary"/> gave.</param>
    /// <param name="findAdded">The id of an added token.</param>
    /// <param name="specialIds">Tokens that must not come out of plain words.</param>
    internal static BpeModel Read(JsonConfig model, Vocabulary vocabulary, Func<string, int?> findAdded, IReadOnlySet<int> specialIds)
    {
        RequireAbsent(model, "continuing_subword_prefix");
        RequireAbsent(model, "end_of_word_suffix");
        if (model.GetNumber("dropout") is > 0)
        {
            throw new UnsupportedModelException($"{model.File}: random dropout of merges", "dropout null or 0");
        }

        int? unknown = null;
        if (model.GetString("unk_token") is { Length: > 0 } name)
        {
            int id = vocabulary.Find(name);
            unknown = id >= 0 ? id : findAdded(name)
                ?? throw new ModelFormatException(model.File, "unk_token", $"'{name}' is not in the vocabulary.");
        }

        MergeReader merges = ReadMerges(model, vocabulary);
        bool ignoresMerges = model.GetBoolean("ignore_merges") ?? false;
        return new BpeModel(vocabulary, vocabulary, merges.Table, new BpeOptions
        {
            Unknown = unknown,
            FusesUnknown = model.GetBoolean("fuse_unk") ?? false,
            FallsBackToBytes = model.GetBoolean("byte_fallback") ?? false,
            IgnoresMerges = ignoresMerges,
            NotWords = specialIds,
            SplitsBeforeSpaceMarker = !ignoresMerges && merges.KeepsSpaceMarkersFirst && vocabulary.Find([BpeModel.SpaceMarker]) >= 0,
        });
    }

    private static MergeReader ReadMerges(JsonConfig model, Vocabulary vocabulary)
    {
        if (!model.Root.TryGetProperty("merges", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new ModelFormatException(model.File, "merges", "expected an array.");
        }

        MergeReader merges = new(model.File, vocabulary, list.GetArrayLength());
        foreach (JsonElement merge in list.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.String)
            {
                merges.Add(merge.GetString()!);
            }
            else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
                && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
            {
                merges.Add(merge[0].GetString(), merge[1].GetString());
            }
            else
            {
                throw new ModelFormatException(model.File, "merges", "a merge is neither a text nor two texts.");
            }
        }

        return merges;
    }

    private static void RequireAbsent(JsonConfig model, string key)
    {
        if (model.GetString(key) is { Length: > 0 } value)
        {
            throw new UnsupportedModelException($"{model.File}: {key} '{value}'", "none");
        }
    }
}
