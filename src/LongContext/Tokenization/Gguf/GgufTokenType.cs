namespace LongContext.Tokenization.Gguf;

/// <summary>The values of <c>tokenizer.ggml.token_type</c>.</summary>
internal enum GgufTokenType
{
    /// <summary>Not given.</summary>
    Undefined = 0,

    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary lacks.</summary>
    Unknown = 2,

    /// <summary>Means something to the model; never plain text.</summary>
    Control = 3,

    /// <summary>An added token that is text.</summary>
    UserDefined = 4,

    /// <summary>Not used.</summary>
    Unused = 5,

    /// <summary>One byte.</summary>
    Byte = 6,
}
