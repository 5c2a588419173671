using System.Text.Json;
using LongContext.Loading;

namespace LongContext.Tokenization.HuggingFace;

/// <summary>Finds out from the files beside tokenizer.json which tokens begin and end texts.</summary>
internal sealed class SpecialTokenReader(TokenizerSidecars files, Func<string, int?> find, int vocabularySize)
{
    /// <summary>The special tokens. Whatever ends a generation according to any of the files is listed.</summary>
    internal SpecialTokens Read()
    {
        long[]? generationEnds = files.GenerationConfig?.GetIntegers("eos_token_id");
        long[] ends = generationEnds ?? files.Config?.GetIntegers("eos_token_id") ?? [];
        List<int> eos = [.. ends.Where(id => id != -1).Select(id => Check(id, "eos_token_id"))]; // −1 is written for "none"
        if (Named("eos_token") is { } named && !eos.Contains(named))
        {
            eos.Add(named);
        }

        return new SpecialTokens
        {
            BeginningOfSequence = Named("bos_token") ?? Numbered("bos_token_id"),
            EndOfSequence = [.. eos.Distinct()],
            Padding = Named("pad_token") ?? Numbered("pad_token_id"),
            Unknown = Named("unk_token"),
        };
    }

    /// <summary>Adds to the ids around a text what tokenizer_config.json asks for, or takes away what it forbids.</summary>
    internal void Adjust(SpecialTokens special, List<int> prefix, List<int> suffix)
    {
        bool? addsBeginning = files.TokenizerConfig?.GetBoolean("add_bos_token");
        bool? addsEnd = files.TokenizerConfig?.GetBoolean("add_eos_token");
        if (special.BeginningOfSequence is { } bos)
        {
            if (addsBeginning == true && !prefix.Contains(bos))
            {
                prefix.Insert(0, bos);
            }
            else if (addsBeginning == false && OverridesTemplate())
            {
                prefix.Remove(bos);
            }
        }

        if (addsEnd == true && Named("eos_token") is { } eos && !suffix.Contains(eos))
        {
            suffix.Add(eos);
        }
    }

    /// <summary>These classes build their own template out of the two flags; the others keep tokenizer.json's.</summary>
    private bool OverridesTemplate() =>
        files.TokenizerConfig?.GetString("tokenizer_class") is "LlamaTokenizer" or "LlamaTokenizerFast" or "CodeLlamaTokenizer"
            or "CodeLlamaTokenizerFast" or "GemmaTokenizer" or "GemmaTokenizerFast";

    private int? Named(string key)
    {
        if (files.TokenizerConfig is not { } config || !config.Root.TryGetProperty(key, out JsonElement value))
        {
            return null;
        }

        string? text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object => config.GetObject(key)!.GetString("content"),
            _ => null,
        };
        return text is null ? null : find(text);
    }

    private int? Numbered(string key) =>
        (files.GenerationConfig?.GetIntegers(key) ?? files.Config?.GetIntegers(key)) is [long id, ..] && id != -1 ? Check(id, key) : null;

    private int Check(long id, string key) => id >= 0 && id < vocabularySize
        ? (int)id
        : throw new ModelFormatException(files.Name, key, $"id {id} is not in the tokenizer's vocabulary of {vocabularySize}.");
}
