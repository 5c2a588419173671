namespace LongContext;

/// <summary>Of exact attention's weight on keys that a method may or may not show to later blocks: how much went to those that it showed.</summary>
/// <param name="Layer">Layer, 0-based.</param>
/// <param name="KVHead">Key/value head, 0-based; all query heads of its group together.</param>
/// <param name="ReadingWeight">
/// Mean share, 0 to 1, of a context token's exact attention weight that goes to keys of earlier blocks which its block's anchor does not hold.
/// </param>
/// <param name="ReadingRecall">Share of that weight, 0 to 1, on keys that were passed on; what is missing, the token could not see. 1 where there is none.</param>
/// <param name="AnsweringWeight">The like for tokens of query and continuation, and keys of all blocks but the last. These do see every key.</param>
/// <param name="AnsweringRecall">The share of that on keys that were passed on: whether the method knows what the answer looks at.</param>
public sealed record KeyRecall(
    int Layer, int KVHead, double ReadingWeight, double ReadingRecall, double AnsweringWeight, double AnsweringRecall);
