using System.Text;

namespace LongContext.Tokenization;

/// <summary>GPT-2's alphabet: each byte is one printable character, so that vocabularies of bytes can be written as text.</summary>
/// <remarks>Bytes that are printable in Latin-1 stand for themselves; the others, in order, are U+0100 and following.</remarks>
internal static class ByteAlphabet
{
    /// <summary>One above the last character used.</summary>
    internal const int End = 0x144;

    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character of a byte.</summary>
    internal static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte of a character, or −1.</summary>
    internal static int ToByte(char character) => character < End ? Bytes[character] : -1;

    /// <summary>Writes the UTF-8 bytes of <paramref name="text"/>, which must be well-formed, in the alphabet; returns how many.</summary>
    internal static int Write(ReadOnlySpan<char> text, Span<char> output)
    {
        int written = 0;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.IsAscii)
            {
                output[written++] = Characters[rune.Value];
                continue;
            }

            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                output[written++] = Characters[value];
            }
        }

        return written;
    }

    private static bool StandsForItself(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static char[] MakeCharacters()
    {
        char[] characters = new char[256];
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            characters[value] = StandsForItself(value) ? (char)value : next++;
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[End];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}
