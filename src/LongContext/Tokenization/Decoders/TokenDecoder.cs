using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Tokenization.Decoders;

/// <summary>Gives the bytes of one token. Thread-safe.</summary>
internal sealed class TokenDecoder(DecoderOptions options)
{
    /// <summary>The rest of what decoding needs.</summary>
    internal DecoderOptions Options => options;

    /// <summary>Appends the bytes that a token stands for.</summary>
    /// <param name="text">How the vocabulary writes it.</param>
    /// <param name="isAdded">Whether it is an added token.</param>
    /// <param name="output">Where the bytes go.</param>
    internal void Append(string text, bool isAdded, List<byte> output)
    {
        if (isAdded && (options.KeepsAddedTokens || options.Text == TokenText.ByteAlphabet))
        {
            AppendUtf8(text, output);
        }
        else if (options.Text == TokenText.ByteAlphabet)
        {
            AppendAlphabet(text, output);
        }
        else if (options.HasByteTokens && ByteTokens.ValueOf(text) is >= 0 and int value)
        {
            output.Add((byte)value);
        }
        else
        {
            foreach ((string from, string to) in options.Replacements)
            {
                text = text.Replace(from, to, StringComparison.Ordinal);
            }

            AppendUtf8(text, output);
        }
    }

    private static void AppendAlphabet(string text, List<byte> output)
    {
        int first = output.Count;
        foreach (char c in text)
        {
            int value = ByteAlphabet.ToByte(c);
            if (value < 0)
            {
                output.RemoveRange(first, output.Count - first); // not in the alphabet: the token is meant as it is written
                AppendUtf8(text, output);
                return;
            }

            output.Add((byte)value);
        }
    }

    private static void AppendUtf8(string text, List<byte> output)
    {
        int first = output.Count;
        CollectionsMarshal.SetCount(output, first + Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, CollectionsMarshal.AsSpan(output)[first..]);
    }
}
