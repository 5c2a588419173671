namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Whether a Metaspace pre-tokenizer cuts.</summary>
internal enum MetaspaceSplit
{
    /// <summary>Words keep the spaces between them; merges may join words.</summary>
    None,

    /// <summary>A word begins at each space.</summary>
    BeforeEachSpace,
}
