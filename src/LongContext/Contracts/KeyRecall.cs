namespace LongContext;

/// <summary>Of what exact attention looks at among the keys that a method may or may not show to later blocks: how much it showed.</summary>
/// <remarks>
/// A key to which a token gives the weight p counts p²: a token that looks at one key counts 1, one that looks at a thousand alike a thousandth.
/// </remarks>
/// <param name="Layer">Layer, 0-based.</param>
/// <param name="KVHead">Key/value head, 0-based; all query heads of its group together.</param>
/// <param name="ReadingFocus">
/// How much a context token looks at single keys of earlier blocks which its block's anchor does not hold: the mean of the sum of their p², 0 to 1.
/// </param>
/// <param name="ReadingRecall">Share of that, 0 to 1, on keys that were passed on; what is missing, the token could not see. 1 where there is none.</param>
/// <param name="AnsweringFocus">The like for tokens of query and continuation, and keys of all blocks but the last. These do see every key.</param>
/// <param name="AnsweringRecall">The share of that on keys that were passed on: whether the method knows what the answer looks at.</param>
public sealed record KeyRecall(
    int Layer, int KVHead, double ReadingFocus, double ReadingRecall, double AnsweringFocus, double AnsweringRecall);
