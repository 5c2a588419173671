using System.Text;
using System.Text.Json;
using LongContext.Loading;
using LongContext.Tests.Shared;
using LongContext.Tokenization;
using LongContext.Tokenization.Gguf;
using NUnit.Framework;

namespace LongContext.Tests.Tokenization;

/// <summary>The score-driven path over Mistral's own SentencePiece model, against the ids SentencePiece itself gave.</summary>
[TestFixture]
internal sealed class SentencePieceModelTests
{
    [Test]
    public void Encode_MistralsSentencePieceModel_EqualsSentencePiece()
    {
        ITokenizer tokenizer = GgufVocabReader.Read(ReadModel(SharedData.Require("tokenizers/mistral/mistral_instruct_tokenizer_240323.model.v3")));
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("tokenizers/cases.json")));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("tokenizers/golden/mistral-v3-sentencepiece.json")));
        Dictionary<string, string> texts = cases.RootElement.GetProperty("cases").EnumerateArray()
            .ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("text").GetString()!);
        int compared = 0;
        foreach (JsonElement expected in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = expected.GetProperty("name").GetString()!;
            int[] ids = [.. expected.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
            Assert.That(tokenizer.Encode(texts[name], EncodeOptions.None), Is.EqualTo(ids), name);
            Assert.That(tokenizer.Decode(ids), Is.EqualTo(expected.GetProperty("decoded").GetString()), name);
            compared++;
        }

        Assert.That(compared, Is.GreaterThanOrEqualTo(170));
    }

    /// <summary>Field 1 of the file is repeated: a piece with text (1), score (2) and type (3).</summary>
    private static GgufMetadata ReadModel(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        (List<string> texts, List<double> scores, List<long> types) = ([], [], []);
        for (int position = 0; position < bytes.Length;)
        {
            ulong tag = Varint(bytes, ref position);
            int length = (int)Varint(bytes, ref position); // all fields on top are messages
            if (tag == 10)
            {
                ReadPiece(bytes.AsSpan(position, length), texts, scores, types);
            }

            position += length;
        }

        return new GgufMetadata(path, new Dictionary<string, object>
        {
            [GgufKeys.Model] = "llama",
            [GgufKeys.Tokens] = texts.ToArray(),
            [GgufKeys.Scores] = scores.ToArray(),
            [GgufKeys.TokenType] = types.ToArray(),
        });
    }

    private static void ReadPiece(ReadOnlySpan<byte> piece, List<string> texts, List<double> scores, List<long> types)
    {
        (string text, float score, long type) = ("", 0, 1);
        for (int position = 0; position < piece.Length;)
        {
            switch (piece[position++])
            {
                case 10:
                    int length = (int)Varint(piece, ref position);
                    text = Encoding.UTF8.GetString(piece.Slice(position, length));
                    position += length;
                    break;
                case 21:
                    score = BitConverter.ToSingle(piece.Slice(position, 4));
                    position += 4;
                    break;
                case 24:
                    type = (long)Varint(piece, ref position);
                    break;
                default:
                    throw new InvalidDataException("unknown field of a piece");
            }
        }

        texts.Add(text);
        scores.Add(score);
        types.Add(type);
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int position)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = bytes[position++];
            value |= (ulong)(part & 127) << shift;
            if (part < 128)
            {
                return value;
            }
        }
    }
}
