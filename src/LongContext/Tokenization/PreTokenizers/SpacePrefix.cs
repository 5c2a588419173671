namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Where a space is put before a text that does not begin with one.</summary>
internal enum SpacePrefix
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>Only at the beginning of the caller's text.</summary>
    First,

    /// <summary>Also behind every added token.</summary>
    Always,
}
