namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Cuts text into words, which merges never cross; may rewrite it on the way. Thread-safe; linear time.</summary>
internal interface IPreTokenizer
{
    /// <summary>Cuts each piece of <paramref name="text"/> further.</summary>
    void Split(PreTokenizedText text);
}
