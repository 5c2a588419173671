namespace LongContext.Tokenization.AddedTokens;

/// <summary>How an added token is found in text.</summary>
[Flags]
internal enum AddedTokenTraits
{
    /// <summary>In the text as given, anywhere, nothing around it.</summary>
    None = 0,

    /// <summary>Only where special tokens are recognised; skipped in decoding on request.</summary>
    Special = 1,

    /// <summary>In the normalized text instead.</summary>
    Normalized = 2,

    /// <summary>Takes the white space before it.</summary>
    StripsLeft = 4,

    /// <summary>Takes the white space behind it.</summary>
    StripsRight = 8,

    /// <summary>Not next to a letter, digit or underscore.</summary>
    SingleWord = 16,
}
