using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Tokenization;

namespace LongContext.Tests.Tokenization;

/// <summary>Small tokenizer.json files, made on the spot.</summary>
internal static class TinyTokenizer
{
    /// <summary>A byte-level tokenizer: the 256 bytes in order, then a token for each merge.</summary>
    internal static JsonObject ByteLevel(params string[] merges)
    {
        JsonObject vocab = [];
        for (int value = 0; value < 256; value++)
        {
            vocab.Add(Alphabet((byte)value).ToString(), value);
        }

        AddMerged(vocab, merges);
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = Json("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"""),
            ["post_processor"] = null,
            ["decoder"] = Json("""{"type":"ByteLevel"}"""),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocab, ["merges"] = Array(merges) },
        };
    }

    /// <summary>A SentencePiece-style tokenizer: unknown, 256 byte tokens, the characters, then a token for each merge.</summary>
    internal static JsonObject SentencePiece(string characters, params string[] merges)
    {
        JsonObject vocab = new() { ["<unk>"] = 0 };
        for (int value = 0; value < 256; value++)
        {
            vocab.Add($"<0x{value:X2}>", value + 1);
        }

        foreach (char c in characters)
        {
            vocab.Add(c.ToString(), vocab.Count);
        }

        AddMerged(vocab, merges);
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = Json("""
                {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
                """),
            ["pre_tokenizer"] = null,
            ["decoder"] = Json("""
                {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
                {"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["unk_token"] = "<unk>", ["fuse_unk"] = true, ["byte_fallback"] = true, ["vocab"] = vocab, ["merges"] = Array(merges),
            },
        };
    }

    /// <summary>Adds an added token.</summary>
    internal static JsonObject WithAdded(this JsonObject tokenizer, int id, string content, string traits = "")
    {
        tokenizer["added_tokens"]!.AsArray().Add(new JsonObject
        {
            ["id"] = id,
            ["content"] = content,
            ["special"] = traits.Contains("special", StringComparison.Ordinal),
            ["normalized"] = traits.Contains("normalized", StringComparison.Ordinal),
            ["lstrip"] = traits.Contains("lstrip", StringComparison.Ordinal),
            ["rstrip"] = traits.Contains("rstrip", StringComparison.Ordinal),
            ["single_word"] = traits.Contains("single_word", StringComparison.Ordinal),
        });
        return tokenizer;
    }

    /// <summary>Replaces a part.</summary>
    internal static JsonObject With(this JsonObject tokenizer, string key, string json)
    {
        tokenizer[key] = Json(json);
        return tokenizer;
    }

    /// <summary>Replaces a part of the model.</summary>
    internal static JsonObject WithModel(this JsonObject tokenizer, string key, string json)
    {
        tokenizer["model"]![key] = Json(json);
        return tokenizer;
    }

    /// <summary>Loads it, through a file, with files beside it.</summary>
    internal static ITokenizer Load(this JsonObject tokenizer, params (string Name, string Json)[] sidecars) =>
        Load(JsonSerializer.SerializeToUtf8Bytes(tokenizer), sidecars);

    /// <summary>Loads a file of these bytes.</summary>
    internal static ITokenizer Load(ReadOnlySpan<byte> bytes, params (string Name, string Json)[] sidecars)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenizer-");
        try
        {
            string path = Path.Combine(folder.FullName, "tokenizer.json");
            File.WriteAllBytes(path, bytes);
            foreach ((string name, string json) in sidecars)
            {
                File.WriteAllText(Path.Combine(folder.FullName, name), json);
            }

            return TokenizerLoader.Load(path);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>GPT-2's character of a byte, from its definition: printable Latin-1 stands for itself, the rest follows from U+0100.</summary>
    internal static char Alphabet(byte value)
    {
        static bool Printable(int v) => v is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
        return Printable(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(v => !Printable(v)));
    }

    private static void AddMerged(JsonObject vocab, string[] merges)
    {
        foreach (string merge in merges)
        {
            vocab.Add(merge.Replace(" ", "", StringComparison.Ordinal), vocab.Count);
        }
    }

    private static JsonArray Array(string[] items) => [.. items.Select(item => JsonValue.Create(item))];

    private static JsonNode? Json(string json) => JsonNode.Parse(json);
}
