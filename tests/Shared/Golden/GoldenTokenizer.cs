using LongContext.Tests.Shared.Formats;

namespace LongContext.Tests.Shared.Golden;

/// <summary>The small byte-level BPE tokenizer of the random models: 256 bytes, 8 merges, fillers, 4 control tokens.</summary>
internal sealed class GoldenTokenizer
{
    private const int ControlTokens = 4;

    internal const string ChatTemplate =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}" +
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly (string Left, string Right)[] Pairs =
        [("t", "h"), ("th", "e"), ("i", "n"), ("\u0120", "the"), ("a", "n"), ("an", "d"), ("e", "r"), ("\u0120", "a")];

    internal GoldenTokenizer(int vocabulary)
    {
        List<string> tokens = [.. ByteCharacters(), .. Pairs.Select(p => p.Left + p.Right)];
        while (tokens.Count < vocabulary - ControlTokens)
        {
            tokens.Add($"<filler_{tokens.Count}>");
        }

        Tokens = [.. tokens, "<|bos|>", "<|eos|>", "<|im_start|>", "<|im_end|>"];
    }

    internal IReadOnlyList<string> Tokens { get; }

    internal int BosId => Tokens.Count - 4;

    internal int EosId => Tokens.Count - 3;

    /// <summary>GGUF's token types: 1 normal, 3 control.</summary>
    internal int[] Types => [.. Tokens.Select((_, i) => IsControl(i) ? 3 : 1)];

    /// <summary>"left right", best first.</summary>
    internal static string[] Merges => [.. Pairs.Select(p => $"{p.Left} {p.Right}")];

    /// <summary>The text of tokenizer.json.</summary>
    internal string ToTokenizerJson()
    {
        OrderedDictionary<string, object?> vocabulary = [];
        List<object?> added = [];
        for (int i = 0; i < Tokens.Count; i++)
        {
            if (IsControl(i))
            {
                added.Add(new OrderedDictionary<string, object?>
                {
                    ["id"] = i, ["content"] = Tokens[i], ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
                    ["normalized"] = false, ["special"] = true,
                });
            }
            else
            {
                vocabulary.Add(Tokens[i], i);
            }
        }

        return PythonJson.Dump(new OrderedDictionary<string, object?>
        {
            ["version"] = "1.0", ["truncation"] = null, ["padding"] = null, ["added_tokens"] = added.ToArray(), ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(addPrefixSpace: false), ["post_processor"] = null, ["decoder"] = ByteLevel(addPrefixSpace: true),
            ["model"] = new OrderedDictionary<string, object?>
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false, ["byte_fallback"] = false, ["vocab"] = vocabulary, ["merges"] = Merges.Cast<object?>().ToArray(),
            },
        });
    }

    private static OrderedDictionary<string, object?> ByteLevel(bool addPrefixSpace) => new()
    {
        ["type"] = "ByteLevel", ["add_prefix_space"] = addPrefixSpace, ["trim_offsets"] = true, ["use_regex"] = true,
    };

    private bool IsControl(int id) => id >= Tokens.Count - ControlTokens;

    // GPT-2's table: printable bytes are themselves, the others the characters from 256 on. Index = byte.
    private static IEnumerable<string> ByteCharacters()
    {
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
            yield return ((char)(printable ? b : next++)).ToString();
        }
    }
}
