namespace LongContext.Engine;

/// <summary>Updates that say no more than a token and its text: one object for all that say the same, so that a step makes none anew.</summary>
/// <remarks>An update never changes, so nobody sees that it is shared. Called on the engine's thread only. 8 bytes a token of the vocabulary.</remarks>
internal sealed class SharedUpdates(int vocabularySize)
{
    private readonly GenerationUpdate?[] _lastOf = new GenerationUpdate?[vocabularySize];

    /// <summary>The update of a token that became <paramref name="text"/>; a new one only where the token became another text the last time.</summary>
    internal GenerationUpdate Of(int tokenId, string text)
    {
        ref GenerationUpdate? last = ref _lastOf[tokenId];
        if (last is null || last.Text != text)
        {
            last = new GenerationUpdate { Text = text, TokenIds = [tokenId] };
        }

        return last;
    }
}
