namespace LongContext.Tokenization.Bpe;

/// <summary>Says which neighbouring symbols may become one, and which pairs come first. Thread-safe.</summary>
internal interface IMergeRules
{
    /// <summary>The rank of a pair, lower first, or −1 if the two may not be merged.</summary>
    /// <param name="left">Id of the left symbol; −1 for a character that has none.</param>
    /// <param name="right">Id of the right symbol.</param>
    /// <param name="joined">The text of both.</param>
    /// <param name="merged">Id of the merged symbol.</param>
    int Find(int left, int right, ReadOnlySpan<char> joined, out int merged);
}
