namespace LongContext.Tokenization;

/// <summary>Decodes a stream of ids: the texts returned, joined, are what decoding all ids at once gives. Not thread-safe.</summary>
public interface IDetokenizer
{
    /// <summary>Text that became certain with this id; empty while a character is incomplete.</summary>
    string Append(int id);

    /// <summary>What is left, an incomplete character as U+FFFD; the detokenizer starts anew.</summary>
    string Flush();
}
