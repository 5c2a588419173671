namespace LongContext.Tokenization.Decoders;

/// <summary>How a vocabulary writes the text of its tokens.</summary>
internal enum TokenText
{
    /// <summary>As it is.</summary>
    Plain,

    /// <summary>Byte by byte in GPT-2's alphabet.</summary>
    ByteAlphabet,
}
