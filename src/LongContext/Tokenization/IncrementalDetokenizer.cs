using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using LongContext.Tokenization.Decoders;

namespace LongContext.Tokenization;

/// <summary>Decodes ids one at a time: holds back an incomplete UTF-8 sequence, and drops the spaces that a vocabulary puts first.</summary>
/// <remarks>A token that was seen before, between whole characters, is looked up and costs no memory.</remarks>
internal sealed class IncrementalDetokenizer(BpeTokenizer tokenizer, TokenDecoder decoder, DecodeOptions options) : IDetokenizer
{
    private readonly Decoder _utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetDecoder();
    private readonly List<byte> _bytes = new(64);
    private char[] _characters = new char[64];
    private int _spacesToDrop = decoder.Options.LeadingSpacesDropped;
    private bool _begun;
    private bool _betweenCharacters = true; // false: the decoder may hold the beginning of one

    /// <inheritdoc/>
    public string Append(int id)
    {
        string? text = tokenizer.Resolve(id, out bool isAdded, out bool isSpecial);
        if (text is null || (isSpecial && options.HasFlag(DecodeOptions.SkipSpecialTokens)))
        {
            return "";
        }

        bool standsAlone = _betweenCharacters && _spacesToDrop == 0 && decoder.Options.Separator.Length == 0;
        if (standsAlone && tokenizer.Texts.Find(id) is { } known)
        {
            return known;
        }

        _bytes.Clear();
        if (_begun && decoder.Options.Separator.Length > 0)
        {
            _bytes.AddRange(Encoding.UTF8.GetBytes(decoder.Options.Separator));
        }

        _begun = true;
        decoder.Append(text, isAdded, _bytes);
        ReadOnlySpan<byte> bytes = DropSpaces(CollectionsMarshal.AsSpan(_bytes));
        string converted = Convert(bytes, flush: false);
        _betweenCharacters = bytes.IsEmpty ? _betweenCharacters : Rune.DecodeLastFromUtf8(bytes, out _, out _) == OperationStatus.Done;
        if (standsAlone && _betweenCharacters)
        {
            tokenizer.Texts.Keep(id, converted);
        }

        return converted;
    }

    /// <inheritdoc/>
    public string Flush()
    {
        string rest = Convert([], flush: true);
        _utf8.Reset();
        _spacesToDrop = decoder.Options.LeadingSpacesDropped;
        _begun = false;
        _betweenCharacters = true;
        return rest;
    }

    private ReadOnlySpan<byte> DropSpaces(ReadOnlySpan<byte> bytes)
    {
        int dropped = 0;
        while (_spacesToDrop > 0 && dropped < bytes.Length)
        {
            if (bytes[dropped] != (byte)' ')
            {
                _spacesToDrop = 0;
                break;
            }

            dropped++;
            _spacesToDrop--;
        }

        return bytes[dropped..];
    }

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        int needed = bytes.Length + 4; // at most one unit a byte, and a held-back sequence may become replacement characters
        if (_characters.Length < needed)
        {
            _characters = new char[needed * 2];
        }

        int count = _utf8.GetChars(bytes, _characters, flush);
        return count == 0 ? "" : new string(_characters, 0, count);
    }
}
