namespace LongContext.Tokenization;

/// <summary>How special tokens are treated in decoding.</summary>
[Flags]
public enum DecodeOptions
{
    /// <summary>Special tokens are written out.</summary>
    None = 0,

    /// <summary>Special tokens give no text.</summary>
    SkipSpecialTokens = 1,
}
