namespace LongContext.Communication;

/// <summary>Consecutive token positions.</summary>
/// <param name="Start">First position, from 0.</param>
/// <param name="Count">Positions; may be 0.</param>
internal readonly record struct TokenRun(long Start, long Count)
{
    /// <summary>The position after the last.</summary>
    internal long End => Start + Count;

    /// <summary>Part <paramref name="index"/> of <paramref name="tokens"/> tokens cut into <paramref name="parts"/> of lengths within one of each other.</summary>
    internal static TokenRun Part(long tokens, int index, int parts)
    {
        (long start, long count) = EvenParts.Of(tokens, index, parts);
        return new TokenRun(start, count);
    }
}
