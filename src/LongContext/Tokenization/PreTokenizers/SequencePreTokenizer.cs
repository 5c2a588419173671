namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Pre-tokenizers one after the other, each on the pieces of the one before.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Split(PreTokenizedText text)
    {
        foreach (IPreTokenizer step in steps)
        {
            step.Split(text);
        }
    }
}
