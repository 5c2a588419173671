namespace LongContext.Tokenization.AddedTokens;

/// <summary>A token that is found in text before anything else, written as it is.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text, never empty.</param>
/// <param name="Traits">How it is found.</param>
internal sealed record AddedToken(int Id, string Content, AddedTokenTraits Traits)
{
    /// <summary>Whether it means something to the model, and must not come out of plain text.</summary>
    internal bool IsSpecial => Traits.HasFlag(AddedTokenTraits.Special);
}
