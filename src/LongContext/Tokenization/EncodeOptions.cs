namespace LongContext.Tokenization;

/// <summary>How special tokens are treated in encoding.</summary>
[Flags]
public enum EncodeOptions
{
    /// <summary>The text is plain text, nothing is added.</summary>
    None = 0,

    /// <summary>Add what the model's tokenizer adds around a text, usually a beginning-of-sequence token.</summary>
    AddSpecialTokens = 1,

    /// <summary>Special tokens written out in the text become those tokens. Leave out for untrusted text.</summary>
    ParseSpecialTokens = 2,
}
