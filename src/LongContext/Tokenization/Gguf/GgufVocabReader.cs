using LongContext.Loading;
using LongContext.Tokenization.AddedTokens;
using LongContext.Tokenization.Bpe;
using LongContext.Tokenization.Decoders;
using LongContext.Tokenization.Normalizers;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Gguf;

/// <summary>Makes a tokenizer of a GGUF file's vocabulary: 'gpt2' (byte-level, merges) or 'llama' (SentencePiece, scores).</summary>
internal sealed class GgufVocabReader
{
    /// <summary>Control tokens that end a turn, whatever the keys say.</summary>
    private static readonly string[] EndNames =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<|eom_id|>", "<EOT>", "_<EOT>",
        "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
    ];

    private readonly GgufMetadata _metadata;
    private readonly GgufTokens _tokens;
    private readonly IReadOnlyList<AddedToken> _added;

    private GgufVocabReader(GgufMetadata metadata)
    {
        _metadata = metadata;
        _tokens = new GgufTokens(metadata);
        _added = _tokens.MakeAddedTokens();
    }

    /// <summary>The tokenizer of a GGUF file.</summary>
    /// <exception cref="ModelFormatException">Its vocabulary is malformed.</exception>
    /// <exception cref="UnsupportedModelException">It is of a kind that is not implemented.</exception>
    internal static BpeTokenizer Read(GgufMetadata metadata) => metadata.RequireString(GgufKeys.Model) switch
    {
        "gpt2" => new GgufVocabReader(metadata).ReadByteLevel(),
        "llama" => new GgufVocabReader(metadata).ReadSentencePiece(),
        string other => throw new UnsupportedModelException($"{metadata.File}: tokenizer model '{other}'", "gpt2, llama"),
    };

    private BpeTokenizer ReadByteLevel()
    {
        GgufPreTokenizer pre = GgufPreTokenizer.Find(_metadata.File, _metadata.GetString(GgufKeys.Pre));
        string[] lines = _metadata.RequireStrings(GgufKeys.Merges);
        MergeReader merges = new(_metadata.File, _tokens.All, lines.Length);
        foreach (string line in lines)
        {
            merges.Add(line);
        }

        Vocabulary words = _tokens.MakeVocabulary(type => type is not (GgufTokenType.Control or GgufTokenType.Unknown));
        return Make(
            new BpeModel(words, words, merges.Table, new BpeOptions { IgnoresMerges = pre.IgnoresMerges }),
            pre.AddsBeginning,
            new DecoderOptions { Text = TokenText.ByteAlphabet },
            parts => parts with
            {
                Normalizer = pre.Composes ? new UnicodeNormalizer(UnicodeForm.Nfc) : null,
                PreTokenizer = pre.Make(),
            });
    }

    private BpeTokenizer ReadSentencePiece()
    {
        Vocabulary pieces = _tokens.MakeVocabulary(
            type => type is not (GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.Byte));
        int longest = 0;
        bool markersFirst = pieces.Find([BpeModel.SpaceMarker]) >= 0;
        for (int id = 0; id < pieces.Size; id++)
        {
            if (pieces.TextOf(id) is { } text)
            {
                longest = Math.Max(longest, text.Length);
                markersFirst &= MergeReader.HasSpaceMarkersFirst(text);
            }
        }

        bool addsSpace = _metadata.GetBoolean(GgufKeys.AddSpacePrefix) ?? true;
        ReplaceNormalizer mark = new(new LiteralPattern(" "), BpeModel.SpaceMarker.ToString());
        BpeOptions options = new()
        {
            Unknown = SpecialId(GgufKeys.Unknown, 0, GgufTokenType.Unknown),
            FusesUnknown = true,
            FallsBackToBytes = true,
            SplitsBeforeSpaceMarker = markersFirst,
        };
        return Make(
            new BpeModel(pieces, _tokens.All, new ScoreMerges(pieces, ReadRanks(), longest), options),
            addsBeginning: true,
            new DecoderOptions
            {
                Replacements = [(BpeModel.SpaceMarker.ToString(), " ")],
                HasByteTokens = true,
                LeadingSpacesDropped = addsSpace ? 1 : 0,
                KeepsAddedTokens = true,
            },
            parts => parts with
            {
                Normalizer = addsSpace ? new SequenceNormalizer([new PrependNormalizer(BpeModel.SpaceMarker.ToString()), mark]) : mark,
            });
    }

    private BpeTokenizer Make(BpeModel model, bool addsBeginning, DecoderOptions decoder, Func<TokenizerParts, TokenizerParts> complete)
    {
        bool isSentencePiece = decoder.Text == TokenText.Plain;
        int? beginning = isSentencePiece ? SpecialId(GgufKeys.Beginning, 1, GgufTokenType.Control) : _tokens.GetId(GgufKeys.Beginning);
        int? end = isSentencePiece ? SpecialId(GgufKeys.End, 2, GgufTokenType.Control) : _tokens.GetId(GgufKeys.End);
        addsBeginning = _metadata.GetBoolean(GgufKeys.AddBeginning) ?? addsBeginning;
        bool addsEnd = _metadata.GetBoolean(GgufKeys.AddEnd) ?? false;
        IEnumerable<int?> named = EndNames.Select(name => _added.FirstOrDefault(t => t.Content == name)?.Id);
        return new BpeTokenizer(complete(new TokenizerParts
        {
            Vocabulary = _tokens.All,
            AddedTokens = _added,
            Model = model,
            Decoder = decoder,
            Prefix = addsBeginning && beginning is { } bos ? [bos] : [],
            Suffix = addsEnd && end is { } eos ? [eos] : [],
            SpecialTokens = new SpecialTokens
            {
                BeginningOfSequence = beginning,
                EndOfSequence =
                [
                    .. new[] { end, _tokens.GetId(GgufKeys.EndOfTurn), _tokens.GetId(GgufKeys.EndOfMessage) }
                        .Concat(named).OfType<int>().Distinct(),
                ],
                Padding = _tokens.GetId(GgufKeys.Padding),
                Unknown = isSentencePiece ? SpecialId(GgufKeys.Unknown, 0, GgufTokenType.Unknown) : _tokens.GetId(GgufKeys.Unknown),
            },
        }));
    }

    /// <summary>The id under a key, else SentencePiece's usual one if it is a token of that type.</summary>
    private int? SpecialId(string key, int usual, GgufTokenType type) =>
        _tokens.GetId(key) ?? (usual < _tokens.Count && _tokens.TypeOf(usual) == type ? usual : null);

    /// <summary>The rank of each token by its score: the highest is 0, equal scores have equal ranks.</summary>
    private int[] ReadRanks()
    {
        double[] scores = _metadata.GetNumbers(GgufKeys.Scores)
            ?? throw new ModelFormatException(_metadata.File, GgufKeys.Scores, "the key is missing.");
        _tokens.RequireLength(scores.Length, GgufKeys.Scores);
        int invalid = Array.FindIndex(scores, double.IsNaN);
        if (invalid >= 0)
        {
            throw new ModelFormatException(_metadata.File, GgufKeys.Scores, $"the score of token {invalid} is not a number.");
        }

        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort([.. scores.Select(score => -score)], order);
        int[] ranks = new int[scores.Length];
        for (int i = 1; i < order.Length; i++)
        {
            ranks[order[i]] = ranks[order[i - 1]] + (scores[order[i]] < scores[order[i - 1]] ? 1 : 0);
        }

        return ranks;
    }
}
