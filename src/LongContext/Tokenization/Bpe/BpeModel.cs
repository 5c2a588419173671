using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Tokenization.Bpe;

/// <summary>Byte-pair encoding: turns words into token ids. Does not know how text was cut into words. Thread-safe.</summary>
internal sealed class BpeModel
{
    /// <summary>SentencePiece's visible space, U+2581.</summary>
    internal const char SpaceMarker = '\u2581';

    private readonly Vocabulary _vocabulary;
    private readonly IMergeRules _rules;
    private readonly BpeOptions _options;
    private readonly int[] _characters = new int[0x10000];
    private readonly int[] _bytes = new int[256];
    private readonly WordCache _cache = new();

    /// <summary>A model over <paramref name="vocabulary"/>.</summary>
    /// <param name="vocabulary">The tokens that words may become.</param>
    /// <param name="byteTokens">Where byte tokens are looked up.</param>
    /// <param name="rules">What may be merged.</param>
    /// <param name="options">The rest.</param>
    internal BpeModel(Vocabulary vocabulary, Vocabulary byteTokens, IMergeRules rules, BpeOptions options)
    {
        (_vocabulary, _rules, _options) = (vocabulary, rules, options);
        Array.Fill(_characters, -1);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.TextOf(id) is [char single])
            {
                _characters[single] = id;
            }
        }

        for (int value = 0; value < 256; value++)
        {
            _bytes[value] = options.FallsBackToBytes ? byteTokens.Find(ByteTokens.TextOf((byte)value)) : -1;
        }
    }

    /// <summary>Appends the ids of one word.</summary>
    internal void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> output)
    {
        if (!_options.SplitsBeforeSpaceMarker)
        {
            EncodeWord(word, buffer, output);
            return;
        }

        int start = 0;
        for (int i = 1; i < word.Length; i++)
        {
            if (word[i] == SpaceMarker && word[i - 1] != SpaceMarker)
            {
                EncodeWord(word[start..i], buffer, output);
                start = i;
            }
        }

        EncodeWord(word[start..], buffer, output);
    }

    private void EncodeWord(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> output)
    {
        bool cached = word.Length <= WordCache.MaxLength;
        if (cached && _cache.TryGet(word, out ReadOnlySpan<int> ids))
        {
            output.AddRange(ids);
            return;
        }

        int first = output.Count;
        if (!_options.IgnoresMerges || !TryWhole(word, output))
        {
            Split(word, buffer);
            buffer.Merge(_rules, word);
            Emit(word, buffer, output);
        }

        if (cached)
        {
            _cache.Set(word, CollectionsMarshal.AsSpan(output)[first..]);
        }
    }

    private bool TryWhole(ReadOnlySpan<char> word, List<int> output)
    {
        int id = _vocabulary.Find(word);
        bool isWord = id >= 0 && !_options.NotWords.Contains(id);
        if (isWord)
        {
            output.Add(id);
        }

        return isWord;
    }

    private void Split(ReadOnlySpan<char> word, MergeBuffer buffer)
    {
        buffer.Clear();
        for (int i = 0; i < word.Length; i++)
        {
            if (char.IsHighSurrogate(word[i]))
            {
                buffer.Add(_vocabulary.Find(word.Slice(i, 2)), i);
                i++;
            }
            else
            {
                buffer.Add(_characters[word[i]], i);
            }
        }
    }

    private void Emit(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> output)
    {
        bool lastWasUnknown = false;
        for (int i = 0; i < buffer.Count;)
        {
            int id = buffer.Take(ref i, word.Length, out int start, out int end);
            if (id >= 0)
            {
                output.Add(id);
                lastWasUnknown = false;
            }
            else if (TryBytes(word[start..end], output))
            {
                lastWasUnknown = false;
            }
            else if (_options.Unknown is { } unknown)
            {
                if (!lastWasUnknown || !_options.FusesUnknown)
                {
                    output.Add(unknown);
                }

                lastWasUnknown = true;
            }
        }
    }

    private bool TryBytes(ReadOnlySpan<char> character, List<int> output)
    {
        if (!_options.FallsBackToBytes)
        {
            return false;
        }

        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..Encoding.UTF8.GetBytes(character, utf8)];
        foreach (byte value in utf8)
        {
            if (_bytes[value] < 0)
            {
                return false;
            }
        }

        foreach (byte value in utf8)
        {
            output.Add(_bytes[value]);
        }

        return true;
    }
}
